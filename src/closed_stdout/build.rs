//! Links into the program what must run before Rust's own start.

fn main() {
    #[cfg(feature = "cli")]
    {
        const SOURCE: &str = "src/closed_stdout/closed_stdout.c";
        println!("cargo::rerun-if-changed={SOURCE}");
        for object in cc::Build::new().file(SOURCE).compile_intermediates() {
            println!("cargo::rustc-link-arg-bin=audit={}", object.display());
        }
    }
}
