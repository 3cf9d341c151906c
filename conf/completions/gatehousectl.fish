# fish completion for gatehousectl(8). Subcommands and options come from its own --help: they cannot be out of date.

# What the section $argv[1] of the help of "gatehousectl $argv[2]" lists, each as "word<TAB>what it is".
function __gatehousectl_listed
    set -l section
    gatehousectl $argv[2..-1] --help 2>/dev/null | while read -l line
        if string match -qr '^[A-Z].*:$' -- $line
            set section (string trim -r -c : -- $line)
        else if test "$section" = "$argv[1]"; and string match -qr '^  [a-z-]' -- $line
            set -l words (string match -r '^  ([^ =]+)[^ ]*(?: [A-Z]\S*)?\s*(.*)$' -- $line)
            for word in (string split , -- $words[2])
                printf '%s\t%s\n' $word "$words[3]"
            end
        end
    end
end

# The words of the line that are no options, without the program, and what says where the daemon is.
function __gatehousectl_sub
    set -l words (commandline -opc)[2..-1]
    while set -q words[1]
        switch $words[1]
            case --config --socket
                set -e words[1]
            case '-*'
            case '*'
                echo $words[1]
                return
        end
        set -e words[1]
    end
    return 1
end

function __gatehousectl_guests
    set -l words (commandline -opc)[2..-1]
    set -l where
    for i in (seq (count $words))
        if contains -- $words[$i] --config --socket
            set -a where $words[$i] $words[(math $i + 1)]
        end
    end
    gatehousectl $where guests --json 2>/dev/null | string match -rg '^ *"name": "([^"\\\\]*)"'
end

function __gatehousectl_offer
    set -l prev (commandline -opc)[-1]
    set -l sub (__gatehousectl_sub)
    switch $prev
        case --config --socket
            __fish_complete_path (commandline -ct)
        case --guest
            __gatehousectl_guests
        case --sec
            printf '%s\n' none sys krb5 krb5i krb5p tls short dh
        case --session --principal --count --for --cid --listener --port --uid --gid --gids --program --version --procedure
        case '*'
            if string match -q -- '-*' (commandline -ct)
                __gatehousectl_listed Options
                test -n "$sub"; and __gatehousectl_listed Options $sub
            else if test -z "$sub"
                __gatehousectl_listed Subcommands
            else if test "$sub" = log-level
                printf '%s\n' debug info warning error
            end
    end
end

complete -c gatehousectl -f -a '(__gatehousectl_offer)'
