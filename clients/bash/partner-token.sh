#!/usr/bin/env bash
# Gets an access token for a customer's tenant from the Secure Application Model broker, with bash 3.2 and curl.
#
# No token is ever an argument of a process, where every user of the machine could read it, nor in a file (bash keeps
# here-documents in one): curl is told through a pipe, and the token goes to standard output, to a file descriptor, or
# into one command's environment.

# Whoever traces this script would print tokens.
set +x
set -uo pipefail

readonly PROGRAM="${0##*/}"
readonly REFUSED=1 WRONG_USE=2 TRY_AGAIN=3
readonly TRIES=4 LONGEST_WAIT=30
readonly METADATA_SERVICE="http://169.254.169.254/metadata/identity/oauth2/token"

usage() {
    cat <<EOF
usage: $PROGRAM [options] TENANT RESOURCE
       $PROGRAM [options] --exec NAME TENANT RESOURCE -- COMMAND [ARGUMENT...]

TENANT is the customer tenant's id, a name that the access policy gives it, or home; RESOURCE is graph, arm, exchange,
partnercenter, keyvault, teams, an identifier URI or an application id.

where the token goes (standard output by default, unless that is a terminal):
  --fd NUMBER           to this open file descriptor, even a terminal
  --exec NAME           into the environment of COMMAND, as NAME
  --json                the broker's whole answer, instead of the token

what it is:
  --scope               RESOURCE is a scope, such as https://graph.microsoft.com/.default
  --consent NAME        which consent (default: partner)
  --as application      of the partner application itself, in nobody's name, where the policy says so
  --claims JSON         a claims challenge to satisfy
  --min-lifetime SECS   how long it should live yet, at most 3000

the broker, and who asks:
  --broker-url URL      its address (or BROKER_URL)
  --audience URI        its identifier URI, such as api://<its client id> (or BROKER_AUDIENCE)
  --identity KIND       auto, workload (a token file), app-service (Functions too), vm, az (default: auto)

exit codes: 0 done, 1 refused, 2 wrong use, 3 try again later

examples:
  $PROGRAM --exec TOKEN contoso graph -- sh -c 'printf "header = \"Authorization: Bearer %s\"" "\$TOKEN" |
      curl --config - https://graph.microsoft.com/v1.0/organization'
  $PROGRAM contoso graph | sed 's/^/Authorization: Bearer /' |
      curl --header @- https://graph.microsoft.com/v1.0/organization
  $PROGRAM --fd 3 contoso arm 3> >(my-program --token-from-stdin)
EOF
}

say() { printf '%s: %s\n' "$PROGRAM" "$1" >&2; }

fail() {
    say "$2"
    exit "$1"
}

# A text inside the double quotes of curl's configuration, and inside those of JSON. Control characters go: a line feed
# would begin another option.
escaped() {
    local text=${1//[[:cntrl:]]/ }
    text=${text//\\/\\\\}
    text=${text//\"/\\\"}
    printf '%s' "$text"
}

# One JSON member, with a comma before it.
member() { printf ',"%s":"%s"' "$1" "$(escaped "$2")"; }

# A text for a query or a form (RFC 3986 section 2.1).
encoded() {
    local LC_ALL=C text=$1 out="" letter position
    for ((position = 0; position < ${#text}; position++)); do
        letter=${text:position:1}
        case $letter in
            [A-Za-z0-9._~-]) out+=$letter ;;
            *) out+=$(printf '%%%02X' "'$letter") ;;
        esac
    done
    printf '%s' "$out"
}

# The member of that name in a JSON object of the broker's or an identity's; empty when it is not there.
field() {
    if command -v jq > /dev/null; then
        printf '%s' "$1" | jq --raw-output --arg name "$2" '.[$name] // empty' 2> /dev/null
        return
    fi
    local text="\"$2\"[[:space:]]*:[[:space:]]*\"(([^\"\\\\]|\\\\.)*)\"" number="\"$2\"[[:space:]]*:[[:space:]]*([0-9]+)"
    if [[ $1 =~ $text ]]; then
        text=${BASH_REMATCH[1]}
        text=${text//\\\"/\"}
        printf '%s\n' "${text//\\\\/\\}"
    elif [[ $1 =~ $number ]]; then
        printf '%s\n' "${BASH_REMATCH[1]}"
    fi
}

# One exchange, as curl's configuration has it (name, text, name, text, ...), within SECONDS; sets STATUS, HEADERS and
# BODY. Status 000: nobody answered.
exchange() {
    local answer seconds=$1
    shift
    # -q: a .curlrc could ask for a trace. --include: with one process, the headers have to come the same way.
    answer=$(configuration "$@" | curl -q --silent --include --suppress-connect-headers --proto '=http,https' \
        --connect-timeout 5 --max-time "$seconds" --config -) || answer=$'HTTP/1.1 000\n\n'
    answer=${answer//$'\r'/}
    HEADERS=${answer%%$'\n\n'*}
    BODY=${answer#*$'\n\n'}
    STATUS=${HEADERS#* }
    STATUS=${STATUS:0:3}
}

configuration() {
    while (($# > 1)); do
        printf '%s = "%s"\n' "$1" "$(escaped "$2")"
        shift 2
    done
}

# The value of a header of the last exchange.
header() {
    local line name
    while IFS= read -r line; do
        name=${line%%:*}
        if [[ $(tr '[:upper:]' '[:lower:]' <<< "$name") == "$1" ]]; then
            line=${line#*:}
            printf '%s' "${line# }"
            return
        fi
    done <<< "$HEADERS"
}

# An identity that was asked for by name, where what it needs is not set.
need() {
    local name
    for name in "$@"; do
        [[ -n ${!name:-} ]] || fail "$WRONG_USE" "the environment variable $name is not set here; --identity $IDENTITY needs it."
    done
}

# An own token from the last exchange; whoever gave none is told of with its sentence.
own_token_of_answer() {
    OWN=$(field "$BODY" access_token)
    [[ $STATUS == 200 && -n $OWN ]] && return
    local sentence
    sentence=$(field "$BODY" error_description)
    fail "$REFUSED" "$1 gave no token for the broker (HTTP $STATUS). ${sentence:-$(field "$BODY" message)} Check the identity, and that --audience is the broker's."
}

own_token_of_app_service() {
    local client=""
    [[ -n ${AZURE_CLIENT_ID:-} ]] && client="&client_id=$(encoded "$AZURE_CLIENT_ID")"
    need IDENTITY_ENDPOINT IDENTITY_HEADER
    exchange 60 noproxy "*" header "X-IDENTITY-HEADER: $IDENTITY_HEADER" \
        url "$IDENTITY_ENDPOINT?api-version=2019-08-01&resource=$(encoded "$AUDIENCE")$client"
    own_token_of_answer "The managed identity (App Service)"
}

own_token_of_vm() {
    local client=""
    [[ -n ${AZURE_CLIENT_ID:-} ]] && client="&client_id=$(encoded "$AZURE_CLIENT_ID")"
    exchange 5 noproxy "*" header "Metadata: true" \
        url "$METADATA_SERVICE?api-version=2018-02-01&resource=$(encoded "$AUDIENCE")$client"
    [[ $STATUS == 000 ]] && fail "$REFUSED" "no identity was found here: no workload identity, no managed identity, no workload signed in to az. --identity says which to take."
    own_token_of_answer "The managed identity (virtual machine)"
}

own_token_of_workload() {
    need AZURE_FEDERATED_TOKEN_FILE AZURE_TENANT_ID AZURE_CLIENT_ID
    local assertion authority=${AZURE_AUTHORITY_HOST:-https://login.microsoftonline.com}
    assertion=$(< "$AZURE_FEDERATED_TOKEN_FILE") || fail "$REFUSED" "the token file $AZURE_FEDERATED_TOKEN_FILE cannot be read."
    exchange 60 url "${authority%/}/${AZURE_TENANT_ID-}/oauth2/v2.0/token" \
        data "grant_type=client_credentials" \
        data "client_id=$(encoded "$AZURE_CLIENT_ID")" \
        data "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer" \
        data "client_assertion=$(encoded "$assertion")" \
        data "scope=$(encoded "$AUDIENCE/.default")"
    own_token_of_answer "Workload identity federation"
}

own_token_of_az() {
    OWN=$(az account get-access-token --resource "$AUDIENCE" --query accessToken --output tsv) && [[ -n $OWN ]] && return
    fail "$REFUSED" "az gave no token for the broker. Sign in as a workload: az login --identity, or az login --service-principal."
}

# What is set up here; a virtual machine last, since only asking tells.
found_identity() {
    if [[ -n ${AZURE_FEDERATED_TOKEN_FILE:-} ]]; then
        echo workload
    elif [[ -n ${IDENTITY_ENDPOINT:-} && -n ${IDENTITY_HEADER:-} ]]; then
        echo app-service
    elif command -v az > /dev/null && [[ $(az account show --query user.type --output tsv 2> /dev/null) == servicePrincipal ]]; then
        echo az
    else
        echo vm
    fi
}

own_token() {
    local kind=$IDENTITY
    [[ $kind == auto ]] && kind=$(found_identity)
    case $kind in
        workload) own_token_of_workload ;;
        app-service) own_token_of_app_service ;;
        vm) own_token_of_vm ;;
        az) own_token_of_az ;;
        *) fail "$WRONG_USE" "--identity: auto, workload, app-service, vm or az." ;;
    esac
}

# Seconds to wait before another try: Retry-After, within bounds.
wait_seconds() {
    local seconds
    seconds=$(header retry-after)
    [[ $seconds =~ ^[0-9]{1,6}$ ]] || seconds=$((2 * $1))
    ((seconds = 10#$seconds > LONGEST_WAIT ? LONGEST_WAIT : 10#$seconds))
    echo $((seconds < 1 ? 1 : seconds))
}

# The broker's answer in BODY, once it is one to use.
ask() {
    local try seconds warning
    for ((try = 1; ; try++)); do
        exchange 240 url "${BROKER%/}/api/token" header "Authorization: Bearer $OWN" \
            header "Content-Type: application/json" header "Expect:" data "$FIELDS"
        [[ ($STATUS == 503 || $STATUS == 429) && $try -lt $TRIES ]] || break
        seconds=$(wait_seconds "$try")
        say "the broker asks to wait (HTTP $STATUS): try $((try + 1)) of $TRIES in $seconds s."
        sleep "$seconds"
    done
    [[ $STATUS == 200 && -n $(field "$BODY" access_token) ]] || refused
    warning=$(field "$BODY" warning)
    [[ -z $warning ]] || say "warning: $warning"
}

refused() {
    local code sentence
    code=$(field "$BODY" code)
    sentence=$(field "$BODY" error_description)
    [[ $STATUS == 000 ]] && fail "$TRY_AGAIN" "no answer from $BROKER."
    [[ -n $code && -n $sentence ]] || fail "$REFUSED" "HTTP $STATUS, and not in the broker's words: is $BROKER its address?"
    say "$code: $sentence (correlation id $(field "$BODY" correlation_id))"
    [[ $STATUS == 503 || $STATUS == 429 ]] && exit "$TRY_AGAIN"
    exit "$REFUSED"
}

parse() {
    BROKER=${BROKER_URL:-} AUDIENCE=${BROKER_AUDIENCE:-} IDENTITY=auto DESCRIPTOR=unsaid VARIABLE="" WHOLE="" KIND=resource MORE=""
    while (($#)); do
        case $1 in
            --help | -h) usage && exit 0 ;;
            --json) WHOLE=yes ;;
            --scope) KIND=scope ;;
            --fd | --exec | --consent | --as | --claims | --min-lifetime | --broker-url | --audience | --identity)
                (($# > 1)) || fail "$WRONG_USE" "$1: a value is missing; --help shows how."
                option "$1" "$2"
                shift
                ;;
            -*) fail "$WRONG_USE" "$1 is no option; --help lists them." ;;
            *) break ;;
        esac
        shift
    done
    (($# >= 2)) || fail "$WRONG_USE" "say TENANT and RESOURCE; --help shows how."
    FIELDS="{\"tenant\":\"$(escaped "$1")\"$(member "$KIND" "$2")$MORE}"
    shift 2
    [[ ${1:-} == -- ]] && shift
    COMMAND=("$@")
    check
}

option() {
    case $1 in
        --fd) DESCRIPTOR=$2 ;;
        --exec) VARIABLE=$2 ;;
        --consent | --as | --claims) MORE+=$(member "${1#--}" "$2") ;;
        --min-lifetime)
            [[ $2 =~ ^[0-9]{1,4}$ ]] || fail "$WRONG_USE" "--min-lifetime: seconds, from 0 to 3000."
            MORE+=",\"min_lifetime\":$((10#$2))"
            ;;
        --broker-url) BROKER=$2 ;;
        --audience) AUDIENCE=$2 ;;
        --identity) IDENTITY=$2 ;;
    esac
}

check() {
    AUDIENCE=${AUDIENCE%/}
    [[ -n $BROKER && -n $AUDIENCE ]] || fail "$WRONG_USE" "say which broker: --broker-url and --audience, or BROKER_URL and BROKER_AUDIENCE."
    [[ $BROKER =~ ^https://[^/] || $BROKER =~ ^http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/|$) ]] \
        || fail "$WRONG_USE" "--broker-url: an https address such as https://broker.example (http for localhost alone)."
    if [[ $DESCRIPTOR == unsaid ]]; then
        [[ -z $VARIABLE && -t 1 ]] && fail "$WRONG_USE" "this would show a token on the screen; pipe it, use --exec, or say --fd 1 if that is what you want."
        DESCRIPTOR=1
    fi
    { [[ $DESCRIPTOR =~ ^[0-9]{1,3}$ ]] && true >&"$DESCRIPTOR"; } 2> /dev/null || fail "$WRONG_USE" "--fd: the number of an open file descriptor."
    [[ -z $VARIABLE || $VARIABLE =~ ^[A-Za-z_][A-Za-z0-9_]*$ ]] || fail "$WRONG_USE" "--exec: the name of a variable."
    if [[ -n $VARIABLE ]]; then
        ((${#COMMAND[@]})) || fail "$WRONG_USE" "--exec: say the command after --."
    else
        ((${#COMMAND[@]} == 0)) || fail "$WRONG_USE" "a command needs --exec NAME: the variable that it finds the token in."
    fi
}

main() {
    parse "$@"
    own_token
    ask
    OWN=""
    local told
    if [[ -n $WHOLE ]]; then told=$BODY; else told=$(field "$BODY" access_token); fi
    if [[ -n $VARIABLE ]]; then
        export "$VARIABLE=$told"
        exec "${COMMAND[@]}"
    fi
    printf '%s\n' "$told" >&"$DESCRIPTOR"
}

main "$@"
