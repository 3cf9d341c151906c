# bash completion for gatehousectl(8). Subcommands and options come from its own --help: they cannot be out of date.

# What the section $1 of the help of "gatehousectl $2" lists: subcommands, or options without their values.
_gatehousectl_listed() {
    local section='' line word
    while IFS= read -r line; do
        case $line in
            [A-Z]*:) section=${line%:} ;;
            '  '[a-z-]*)
                [[ $section == "$1" ]] || continue
                word=${line#  }
                word=${word%%[ =]*}
                printf '%s\n' "${word//,/$'\n'}"
                ;;
        esac
    done < <(gatehousectl ${2:+"$2"} --help 2>/dev/null)
}

# The guests of the daemon that the line asks, if it can be reached.
_gatehousectl_guests() {
    gatehousectl "$@" guests --json 2>/dev/null | sed -n 's/^ *"name": "\([^"\\]*\)",*$/\1/p'
}

_gatehousectl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} sub='' where=() i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case ${COMP_WORDS[i]} in
            --config | --socket) where+=("${COMP_WORDS[i]}" "${COMP_WORDS[i+1]}"); ((++i)) ;;
            -*) ;;
            *) [[ -n $sub ]] || sub=${COMP_WORDS[i]} ;;
        esac
    done
    case $prev in
        --config | --socket)
            compopt -o default 2>/dev/null
            return
            ;;
        --guest)
            mapfile -t COMPREPLY < <(compgen -W "$(_gatehousectl_guests "${where[@]}")" -- "$cur")
            return
            ;;
        --sec)
            mapfile -t COMPREPLY < <(compgen -W 'none sys krb5 krb5i krb5p tls short dh' -- "$cur")
            return
            ;;
        --session | --principal | --count | --for | --cid | --listener | --port | --uid | --gid | --gids | --program | --version | --procedure)
            return
            ;;
    esac
    local words
    if [[ $cur == -* ]]; then
        words=$(_gatehousectl_listed Options; [[ -z $sub ]] || _gatehousectl_listed Options "$sub")
    elif [[ -z $sub ]]; then
        words=$(_gatehousectl_listed Subcommands)
    elif [[ $sub == log-level ]]; then
        words='debug info warning error'
    else
        words=
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur" | sort -u)
}

complete -F _gatehousectl gatehousectl
