// keys: `parley keys init | list | add ACTOR | remove ACTOR`.
#include "keys.h"

#include "actor/bus_key.h"
#include "command.h"
#include "options.h"
#include "seed.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64
#define WORDS_MAX_COUNT 2

typedef struct {
    char folder[PATH_MAX]; // keys/bus
    char allowed[PATH_MAX];
    char actors[PATH_MAX];
    char broker_key[PATH_MAX];
    char broker_pub[PATH_MAX];
    char master_key[PATH_MAX]; // of channel secrets, for ingress, delivery and setup
    int master_error;          // errno; 0: it is there
} places_t;

static places_t places_of(const instance_t *instance)
{
    places_t places = {0};
    int room = PATH_MAX - 32;
    snprintf(places.folder, PATH_MAX, "%.*s/bus", room, instance->keys);
    snprintf(places.allowed, PATH_MAX, "%.*s/allowed", room, places.folder);
    snprintf(places.actors, PATH_MAX, "%.*s/actors", room, instance->keys);
    snprintf(places.broker_key, PATH_MAX, "%.*s/broker.key", room, places.folder);
    snprintf(places.broker_pub, PATH_MAX, "%.*s/broker.pub", room, places.folder);
    return places;
}

static act_err_t make_folder(const char *path, act_buf_t *error)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return act_bus_key_check_folder(path, error);
    act_buf_printf(error, "cannot make %s: %s", path, strerror(errno));
    return ACT_E_IO;
}

act_err_t keys_init(const instance_t *instance, act_buf_t *error)
{
    places_t places = places_of(instance);
    act_err_t err = make_folder(places.folder, error);
    if (err == ACT_E_OK)
        err = make_folder(places.allowed, error);
    if (err == ACT_E_OK)
        err = make_folder(places.actors, error);
    if (err == ACT_E_OK && access(places.broker_key, F_OK) != 0) {
        err = act_bus_key_create(places.broker_key, places.broker_pub);
        if (err != ACT_E_OK)
            act_buf_printf(error, "cannot write %s: %s", places.broker_key, strerror(errno));
    }
    act_bus_pair_t pair;
    if (err == ACT_E_OK)
        err = act_bus_key_load_pair(places.broker_key, &pair, error);
    explicit_bzero(&pair, sizeof pair);
    return err;
}

// --- the words -----------------------------------------------------------------------------------

static int fail(const char *format, ...) ACT_PRINTF(1, 2);
static int fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("parley keys: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_SETTING;
}

static bool is_actor_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= NAME_MAX_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len && name[0] != '-';
}

static void files_of(const places_t *places, const char *actor, char *ret_secret, char *ret_public)
{
    snprintf(ret_secret, PATH_MAX, "%.*s/%s.key", PATH_MAX - NAME_MAX_BYTES - 8, places->actors,
             actor);
    snprintf(ret_public, PATH_MAX, "%.*s/%s.pub", PATH_MAX - NAME_MAX_BYTES - 8, places->allowed,
             actor);
}

static int run_init(const places_t *places, const char *actor)
{
    (void)actor;
    if (places->master_error != 0)
        return fail("cannot write %s: %s", places->master_key, strerror(places->master_error));
    printf("Keys are in %s; the broker's public key is %s; the key that seals secrets is %s.\n",
           places->folder, places->broker_pub, places->master_key);
    return 0;
}

static int run_add(const places_t *places, const char *actor)
{
    char secret[PATH_MAX], public_key[PATH_MAX];
    files_of(places, actor, secret, public_key);
    if (access(public_key, F_OK) == 0 || access(secret, F_OK) == 0)
        return fail("%s has a key already (example: parley keys remove %s)", actor, actor);
    if (act_bus_key_create(secret, public_key) != ACT_E_OK)
        return fail("cannot write %s: %s", secret, strerror(errno));
    printf("%s may connect now. Its side needs:\n"
           "  PARLEY_BUS_KEY_FILE=%s\n"
           "  PARLEY_BUS_SERVER_KEY=%s\n",
           actor, secret, places->broker_pub);
    return 0;
}

static int run_remove(const places_t *places, const char *actor)
{
    char secret[PATH_MAX], public_key[PATH_MAX];
    files_of(places, actor, secret, public_key);
    bool was_there = unlink(public_key) == 0;
    was_there = unlink(secret) == 0 || was_there;
    if (!was_there)
        return fail("%s has no key (see: parley keys list)", actor);
    printf("%s is refused from now on.\n", actor);
    return 0;
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_public_key(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".pub") == 0;
}

static int run_list(const places_t *places, const char *actor)
{
    (void)actor;
    struct dirent **entries = NULL;
    int count = scandir(places->allowed, &entries, is_public_key, compare_names);
    for (int i = 0; i < count; i++) {
        char path[PATH_MAX], key[ACT_BUS_KEY_TEXT_BYTES];
        act_buf_t error;
        act_buf_init(&error, 4096);
        snprintf(path, sizeof path, "%.*s/%s", PATH_MAX - 300, places->allowed, entries[i]->d_name);
        bool is_good = act_bus_key_load_public(path, key, &error) == ACT_E_OK;
        printf("%-16.*s %s\n", (int)strlen(entries[i]->d_name) - 4, entries[i]->d_name,
               is_good ? key : "(no key: nobody is let in by this file)");
        act_buf_fini(&error);
        free(entries[i]);
    }
    free(entries);
    if (count <= 0)
        puts("No actor has a key: only this machine's own folder is open (parley keys add ACTOR).");
    return 0;
}

typedef struct {
    const char *name;
    bool needs_actor;
    int (*run)(const places_t *places, const char *actor);
} word_t;

static const word_t words[] = {
    {"init", false, run_init},
    {"list", false, run_list},
    {"add", true, run_add},
    {"remove", true, run_remove},
};

// Takes the words that are no options out of argv.
static int take_words(int argc, char **argv, const char *ret_words[WORDS_MAX_COUNT])
{
    int kept = 1, count = 0;
    for (int i = 1; i < argc; i++) {
        bool is_value = strcmp(argv[i - 1], "--data") == 0;
        if (argv[i][0] != '-' && !is_value && count < WORDS_MAX_COUNT)
            ret_words[count++] = argv[i];
        else
            argv[kept++] = argv[i];
    }
    return kept;
}

static const word_t *find_word(const char *name)
{
    for (size_t i = 0; name && i < ACT_COUNT(words); i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

int command_keys(int argc, char **argv)
{
    const char *data = NULL, *given[WORDS_MAX_COUNT] = {NULL};
    const option_t table[] = {{0}};
    int code = 0;
    argc = take_words(argc, argv, given);
    if (!options_parse(argc, argv, table,
                       "init | list | add ACTOR | remove ACTOR: keys of actors that come over TCP",
                       &data, &code))
        return code;
    const word_t *word = find_word(given[0]);
    if (!word || word->needs_actor != (given[1] != NULL) ||
        (given[1] && !is_actor_name(given[1]))) {
        fputs(
            "parley keys: init | list | add ACTOR | remove ACTOR (example: parley keys add agent)\n",
            stderr);
        return EXIT_USAGE;
    }
    instance_t instance;
    act_buf_t error;
    act_buf_init(&error, 4096);
    if (instance_locate(data, &instance) != ACT_E_OK)
        code = fail("--data is too long (example: --data var)");
    else if (instance_create(&instance) != ACT_E_OK)
        code = fail("cannot make %s: %s", instance.data, strerror(errno));
    else if (keys_init(&instance, &error) != ACT_E_OK)
        code = fail("%.*s", (int)error.len_bytes, error.ptr);
    act_buf_fini(&error);
    places_t places = places_of(&instance);
    if (code == 0 && seed_master_key(&instance, places.master_key) != ACT_E_OK)
        places.master_error = errno;
    return code == 0 ? word->run(&places, given[1]) : code;
}
