extension NodeProgram {
    static let help = """
        NAME
          fieldcast-node - keeps live state in step between this server and its subscribers

        SYNOPSIS
          fieldcast-node --demo [--listen HOST:PORT] [--loops N] [--store FILE]
          fieldcast-node --config FILE [--check | --print-config] [OPTION]...
          fieldcast-node --secret-file FILE [OPTION]...
          fieldcast-node token (--secret-file FILE | --config FILE) [TOKEN OPTION]...
          fieldcast-node store (check FILE | info FILE | backup FILE TO)
          fieldcast-node config (example | reference)
          fieldcast-node admin VERB ...

        DESCRIPTION
          --demo serves live demonstration data with a secret made for this run, and prints the
          address of a page that shows it, a token, and a command that shows live diffs.

          --config FILE serves as the file says. 'fieldcast-node config example' prints one with
          every key explained, 'fieldcast-node config reference' lists them.

          --secret-file FILE serves without a file: the options below and the environment say all.

        OPTIONS
          --config FILE        the configuration. Options count more than the environment, and the
                               environment counts more than the file
          --check              says all that is wrong with the configuration, and ends
          --print-config       prints the configuration as it would be used, and ends
          --listen HOST:PORT   where the first listener listens (127.0.0.1:8080); port 0 takes a
                               free one
          --devices HOST:PORT  where framed streams come in, for devices without WebSockets
          --admin HOST:PORT    where the operator's verbs and the metrics are served: on loopback
                               to whoever is on this machine, elsewhere to tokens with the claim
                               "admin"
          --page               serves the demonstration's page at / without its data
          --loops N            how many threads share connections and topics (1)
          --secret-file FILE   the secret that signs tokens, at least 32 bytes; or public keys in
                               PEM, or a key set in JSON. Make one:
                               head -c 32 /dev/urandom | base64 > token.secret
          --store FILE         keeps topics in FILE: what is acknowledged survives the node. Made
                               when it is not there. Without it topics live in memory
          --topics PATTERN=WORDS
                               what topics are: state (else), collection, event or signal; with
                               'durable' beside it they are kept in the store, and with
                               'checkpoint:N' stored whole after N changes (1000). The first that
                               matches decides: --topics 'jobs/**=event,durable'. With a store and
                               without any topics every topic is durable
          --store-log-pages N  moves the store's write-ahead log into FILE when it holds N pages
                               of 4 KiB (2000)
          --help, --version    this page; the version

        TOKENS
          token prints a token for a client. PATTERN names topics: desk/queue, desk/*, desk/**.
          --subject NAME       who (me)                --tenant NAME      of whom (main)
          --read PATTERN       may subscribe           --write PATTERN    may publish
          --fields A,B.C       only to these fields of what it may read and write
          --roles A,B          what the configuration grants to these roles
          --commands A,B       may give these commands, by pattern
          --admin              may use the operator's verbs
          --id ID              by which this token can be revoked
          --seconds N          how long it counts (3600)
          --issuer, --audience TEXT
                               its claims iss and aud; from the configuration where there is one

        OPERATORS
          admin asks a running node: topics, connections, who is slow, dead letters, revocations.
          'fieldcast-node admin --help' lists the verbs.

        STORES
          store check looks through a store, store info says what is in it, store backup copies
          it; all three also while a node uses it.

        EXAMPLES
          A look at it, with data that live:
            fieldcast-node --demo

          One's own topics, kept in a file, with a token for a back end and one for a screen:
            head -c 32 /dev/urandom | base64 > token.secret
            fieldcast-node --secret-file token.secret --store live.store &
            fieldcast-node token --secret-file token.secret --subject api --write 'desk/**'
            fieldcast-node token --secret-file token.secret --subject wall --read 'desk/**'

          A service, checked before it is started, reloaded and asked:
            fieldcast-node config example > fieldcast.toml
            fieldcast-node --config fieldcast.toml --check
            fieldcast-node --config fieldcast.toml
            kill -HUP $(pidof fieldcast-node)
            fieldcast-node admin topics

          A copy of a store while it is in use, and a look through it:
            fieldcast-node store backup live.store copy.store
            fieldcast-node store check copy.store

        ENVIRONMENT
          FIELDCAST_SECTION_KEY sets a key of the configuration, as FIELDCAST_LOG_LEVEL=debug;
          FIELDCAST_LISTENERS_NAME_KEY one of a listener, as FIELDCAST_LISTENERS_WEB_ADDRESS.
          NOTIFY_SOCKET, WATCHDOG_USEC and LISTEN_FDS are what systemd says to it.

        SIGNALS
          SIGTERM, SIGINT      end in good order: nobody new is let in, clients are told when to
                               come back, what is under way is finished
          SIGHUP               reads the configuration, keys and certificates again; nobody is
                               disconnected. With a mistake, or a change that needs a restart,
                               nothing is changed, and the log says why

        EXIT CODES
          0   ended in good order; with --check, nothing is wrong
          1   could not start, or found damage in a store
          2   wrong usage, or something is wrong with the configuration

        """
}
