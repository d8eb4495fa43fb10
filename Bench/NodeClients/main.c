// The load of the node's rows; each row's file says what it does and prints.
#include "clients.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

int main(int count, char **words) {
    static const struct {
        const char *name;
        int (*run)(int, char **);
    } rows[] = {
        {"fanout", run_fanout}, {"latency", run_latency}, {"flood", run_flood},
        {"idle", run_idle},     {"slow", run_slow},       {"resume", run_resume},
    };
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; count > 1 && i < sizeof rows / sizeof *rows; i++)
        if (!strcmp(words[1], rows[i].name)) {
            int code = rows[i].run(count - 2, words + 2);
            if (code != 2) return code;
        }
    fprintf(stderr, "usage: see the head of the row's file in Bench/NodeClients\n");
    return 2;
}
