"use strict";
// What the parts of the script have in common.
const id = (name) => document.getElementById(name);
const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const count = (n, what = "finding") => `${number(n)} ${what}${n === 1 ? "" : "s"}`;
const make = (name, from, ...children) => {
  const made = Object.assign(document.createElement(name), from);
  made.append(...children);
  return made;
};
const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
