#!/bin/sh
# Opens, updates and closes an issue for each slice of a night, as its manifest says. To run
# it again changes nothing: an issue is found by its label before one is opened.
#
#   JIRA_URL=https://jira.example JIRA_TOKEN=… JIRA_PROJECT=SEC JIRA_DONE=31 jira.sh manifest.json
#
# JIRA_DONE is the id of the transition that closes an issue. Write the reports with
# --max-chars jira. Run it where audit ran: the paths of the reports are read from here.
# Needs curl and jq.
set -eu

call() { # METHOD PATH [curl options]
    method=$1 path=$2
    shift 2
    curl --fail --silent --show-error --request "$method" "$@" \
        --header "Authorization: Bearer $JIRA_TOKEN" \
        --header 'Content-Type: application/json' "$JIRA_URL/rest/api/2$path"
}

# A slice that is written in several formats has one ticket, whose body is Markdown.
slices=$(jq --compact-output '.reports[] | select(.format == "markdown")
    | select(.action // "none" | . != "none")' "$1")
[ -n "$slices" ] || exit 0
printf '%s\n' "$slices" |
    while IFS= read -r slice; do
        action=$(printf %s "$slice" | jq --raw-output .action)
        report=$(printf %s "$slice" | jq --raw-output .path)
        label="audit-$(printf %s "$slice" | jq --join-output .key | sha256sum | cut -c1-20)"
        open="project = $JIRA_PROJECT AND labels = $label AND statusCategory != Done"
        name=$(call GET /search --get --data-urlencode "jql=$open" --data fields=key |
            jq --raw-output '.issues[0].key // empty')
        issue=$(printf %s "$slice" | jq --arg mark "$label" --arg project "$JIRA_PROJECT" \
            --rawfile body "$report" '{fields: {project: {key: $project}, summary: .title,
                description: $body, issuetype: {name: "Task"}, labels: ["audit", $mark]}}')
        case "$action:$name" in
            close:) ;;
            close:*) call PUT "/issue/$name" --data "$issue" >/dev/null
                call POST "/issue/$name/transitions" \
                    --data "{\"transition\": {\"id\": \"$JIRA_DONE\"}}" >/dev/null ;;
            *:) call POST /issue --data "$issue" >/dev/null ;;
            *) call PUT "/issue/$name" --data "$issue" >/dev/null ;;
        esac
    done
