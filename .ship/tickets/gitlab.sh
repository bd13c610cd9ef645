#!/bin/sh
# Opens, updates and closes an issue for each slice of a night, as its manifest says. To run
# it again changes nothing: an issue is found by its label before one is opened.
#
#   GITLAB_TOKEN=… GITLAB_PROJECT=1234 gitlab.sh manifest.json
#
# Run it where audit ran: the paths of the reports are read from here. Needs curl and jq.
set -eu
api="${GITLAB_API_URL:-https://gitlab.com/api/v4}/projects/$GITLAB_PROJECT"

call() { # METHOD PATH [curl options]
    method=$1 path=$2
    shift 2
    curl --fail --silent --show-error --request "$method" "$@" \
        --header "PRIVATE-TOKEN: $GITLAB_TOKEN" \
        --header 'Content-Type: application/json' "$api$path"
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
        number=$(call GET "/issues?state=opened&labels=$label" | jq --raw-output '.[0].iid // empty')
        issue=$(printf %s "$slice" | jq --arg mark "$label" --rawfile body "$report" \
            '{title, description: $body, labels: "audit,\($mark)"}')
        case "$action:$number" in
            close:) ;;
            close:*) issue=$(printf %s "$issue" | jq '. + {state_event: "close"}')
                call PUT "/issues/$number" --data "$issue" >/dev/null ;;
            *:) call POST /issues --data "$issue" >/dev/null ;;
            *) call PUT "/issues/$number" --data "$issue" >/dev/null ;;
        esac
    done
