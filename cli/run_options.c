/* sandglass run: its options. */
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct option table[] = {
    {"fuel", required_argument, NULL, OPTION_FUEL},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"max-stack", required_argument, NULL, OPTION_STACK},
    {"max-table-elements", required_argument, NULL, OPTION_TABLE},
    {"max-instances", required_argument, NULL, OPTION_INSTANCES},
    {"max-resources", required_argument, NULL, OPTION_RESOURCES},
    {"hostcall-bytes", required_argument, NULL, OPTION_HOSTCALL},
    {"max-descriptors", required_argument, NULL, OPTION_DESCRIPTORS},
    {"max-sockets", required_argument, NULL, OPTION_SOCKETS},
    {"max-written", required_argument, NULL, OPTION_WRITTEN},
    {"trap-on-grow-failure", no_argument, NULL, OPTION_GROW},
    {"report", optional_argument, NULL, OPTION_REPORT},
    {"invoke", required_argument, NULL, OPTION_INVOKE},
    {"define-unknown-imports-as-traps", no_argument, NULL, OPTION_UNKNOWN_IMPORTS},
    {"features", required_argument, NULL, OPTION_FEATURES},
    {"dir", required_argument, NULL, OPTION_DIR},
    {"env", required_argument, NULL, OPTION_ENV},
    {"inherit-env", no_argument, NULL, OPTION_INHERIT_ENV},
    {"tcp", required_argument, NULL, OPTION_TCP},
    {"udp", required_argument, NULL, OPTION_UDP},
    {"dns", required_argument, NULL, OPTION_DNS},
    {"clock", required_argument, NULL, OPTION_CLOCK},
    {"random", required_argument, NULL, OPTION_RANDOM},
    {"deterministic", no_argument, NULL, OPTION_DETERMINISTIC},
    {"help", no_argument, NULL, 'h'},
    {0},
};

const char *run_option_name(int option) {
    const struct option *row = table;
    while (row->name && row->val != option)
        row++;
    return row->name;
}

static void print_help(void) {
    puts("usage: sandglass [run] [OPTIONS] FILE [ARGUMENTS...]\n\n"
         "Runs a component or core module, binary or text: its wasi:cli/run, 'run' or '_start', which gets "
         "the "
         "arguments.\n\n"
         "  --invoke 'CALL'           call an export, arguments in WAVE: --invoke 'greet(\"world\")';\n"
         "                            'interface#name(...)' reaches into an exported interface\n"
         "  --define-unknown-imports-as-traps\n"
         "                            functions that are imported but not supplied trap when called\n"
         "  --features NAMES          turn proposals on, or with a '-' before the name off: threads,-gc\n"
         "  --report[=json]           afterwards, tell on standard error what was used\n\n"
         "grants (nothing else of the outside world can be reached, but standard streams):\n"
         "  --dir HOST[::GUEST][:ro]  a directory, under another name, read-only\n"
         "  --env NAME[=VALUE]        a variable; without a value, that of the environment here\n"
         "  --inherit-env             all variables of the environment\n"
         "  --tcp RULE                connect to HOST[:PORTS], an address, range or name; or, as\n"
         "                            listen:HOST[:PORTS], be connected to there\n"
         "  --udp RULE                the same for datagrams\n"
         "  --dns NAME                a name that may be looked up: example.org, *.example.org, *\n"
         "  --clock real|virtual      virtual time starts in 2020 and passes when the program sleeps\n"
         "  --random seed=N           the same random numbers each time\n"
         "  --deterministic           --clock virtual --random seed=0\n\n"
         "limits (K, M, G are powers of 1,000; KiB, MiB, GiB of 1,024):\n"
         "  --fuel N[K|M|G]           units of fuel\n"
         "  --timeout T               wall-clock time for everything: 50ms, 2s, 100us\n"
         "  --memory SIZE             memory of the whole store: 64MiB\n"
         "  --max-stack SIZE          guest stack\n"
         "  --max-table-elements N    over all tables\n"
         "  --max-instances N         core instances\n"
         "  --max-resources N         live resource handles\n"
         "  --hostcall-bytes SIZE     what the host may hold for the guest, buffers included\n"
         "  --max-descriptors N       open files, directories and sockets: 1,024\n"
         "  --max-sockets N           of these sockets: 256\n"
         "  --max-written SIZE        bytes written to files\n"
         "  --trap-on-grow-failure    growth beyond a limit ends the call instead of answering -1");
}

/* A number with one of `units`, pairs of suffix and factor; the first has the empty suffix if none is needed.
 * 0 is told apart from "the default" by SG_ZERO. */
typedef struct Unit {
    const char *suffix;
    uint64_t factor;
} Unit;

static bool parse_quantity(const char *text, const Unit *units, size_t unit_count, uint64_t *value) {
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    uint64_t number = strtoull(text, &end, 10);
    if (errno != 0)
        return false;
    for (size_t i = 0; i < unit_count; i++)
        if (strcasecmp(end, units[i].suffix) == 0) {
            if (__builtin_mul_overflow(number, units[i].factor, &number) || number >= SG_ZERO)
                return false;
            *value = number ? number : SG_ZERO;
            return true;
        }
    return false;
}

static const Unit count_units[] = {{"", 1}, {"k", 1000}, {"M", 1000000}, {"G", 1000000000}};
static const Unit size_units[] = {{"", 1},
                                  {"B", 1},
                                  {"k", 1000},
                                  {"KB", 1000},
                                  {"M", 1000000},
                                  {"MB", 1000000},
                                  {"G", 1000000000},
                                  {"GB", 1000000000},
                                  {"KiB", UINT64_C(1) << 10},
                                  {"MiB", UINT64_C(1) << 20},
                                  {"GiB", UINT64_C(1) << 30}};
static const Unit time_units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};

#define SIZED(units) units, sizeof(units) / sizeof *(units)

/* One limit from its text; false if it cannot be read. */
static bool parse_limit(int option, const char *text, RunOptions *options) {
    sg_limits *limits = &options->limits;
    sg_wasi_limits *wasi = &options->wasi_limits;
    switch (option) {
    case OPTION_FUEL: return parse_quantity(text, SIZED(count_units), &limits->fuel);
    case OPTION_TIMEOUT: return parse_quantity(text, SIZED(time_units), &limits->timeout_ns);
    case OPTION_MEMORY: return parse_quantity(text, SIZED(size_units), &limits->memory_bytes);
    case OPTION_STACK: return parse_quantity(text, SIZED(size_units), &limits->stack_bytes);
    case OPTION_TABLE: return parse_quantity(text, SIZED(count_units), &limits->table_elements);
    case OPTION_INSTANCES: return parse_quantity(text, SIZED(count_units), &limits->instances);
    case OPTION_RESOURCES: return parse_quantity(text, SIZED(count_units), &limits->handles);
    case OPTION_DESCRIPTORS: return parse_quantity(text, SIZED(count_units), &wasi->descriptors);
    case OPTION_SOCKETS: return parse_quantity(text, SIZED(count_units), &wasi->sockets);
    case OPTION_WRITTEN: return parse_quantity(text, SIZED(size_units), &wasi->written);
    default: return parse_quantity(text, SIZED(size_units), &limits->host_bytes);
    }
}

bool parse_seed(const char *text, uint64_t *seed) {
    static const char prefix[] = "seed=";
    const char *digits = text + sizeof prefix - 1;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 || *digits < '0' || *digits > '9')
        return false;
    char *end;
    errno = 0;
    *seed = strtoull(digits, &end, 10);
    return *end == '\0' && errno == 0;
}

/* Is it well-formed? What it names may be missing still. */
static bool check_grant(int option, const char *text) {
    if (option == OPTION_CLOCK && strcmp(text, "real") != 0 && strcmp(text, "virtual") != 0)
        return fail_usage("run", "--clock is real or virtual, not '%s'", text) == EXIT_OK;
    if (option == OPTION_RANDOM && !parse_seed(text, &(uint64_t){0}))
        return fail_usage("run", "--random is seed=N, not '%s'", text) == EXIT_OK;
    if (option == OPTION_ENV && (*text == '\0' || *text == '='))
        return fail_usage("run", "--env needs the name of a variable") == EXIT_OK;
    return true;
}

int parse_run_options(int argc, char **argv, RunOptions *options, bool *done) {
    *done = true;
    options->grants = calloc((size_t)argc, sizeof *options->grants);
    if (options->grants == NULL)
        return fail_usage("run", "out of memory");
    for (int option; (option = next_option(argc, argv, table)) != -1;) {
        switch (option) {
        case 'h': print_help(); return EXIT_OK;
        case '?': return EXIT_USAGE;
        case OPTION_GROW: options->limits.on_grow_failure = SG_GROW_TRAP; break;
        case OPTION_INVOKE: options->invoke = optarg; break;
        case OPTION_FEATURES: options->features = optarg; break;
        case OPTION_UNKNOWN_IMPORTS: options->unknown_imports_trap = true; break;
        case OPTION_REPORT:
            if (optarg && strcmp(optarg, "json") != 0)
                return fail_usage("run", "--report is plain or =json, not '=%s'", optarg);
            options->report = optarg ? REPORT_JSON : REPORT_TEXT;
            break;
        case OPTION_DIR:
        case OPTION_ENV:
        case OPTION_INHERIT_ENV:
        case OPTION_TCP:
        case OPTION_UDP:
        case OPTION_DNS:
        case OPTION_CLOCK:
        case OPTION_RANDOM:
        case OPTION_DETERMINISTIC:
            if (!check_grant(option, optarg))
                return EXIT_USAGE;
            options->grants[options->grant_count++] = (Grant){option, optarg};
            break;
        default:
            if (!parse_limit(option, optarg, options))
                return fail_usage("run", "'%s' is not a value that this limit can take", optarg);
        }
    }
    if (optind == argc)
        return fail_usage("run", "no file given");
    options->arguments = argv + optind;
    options->argument_count = argc - optind;
    *done = false;
    return EXIT_OK;
}

void free_run_options(RunOptions *options) {
    free(options->grants);
}
