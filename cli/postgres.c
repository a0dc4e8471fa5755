// postgres: initdb, pg_ctl and createdb of the newest installed server, run and waited for.
#include "postgres.h"

#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEBIAN_POSTGRES "/usr/lib/postgresql"
#define DATABASE "parley"
#define ARGV_MAX_COUNT 48

// What differs from the server's defaults, and why. Durability (fsync, synchronous_commit,
// full_page_writes) stays at the defaults, which are on.
static const char *const server_options[] = {
    "listen_addresses=",            // Unix socket only
    "unix_socket_permissions=0777", // its folder is closed to others
    "shared_buffers=256MB", // with less, backends write pages out for room: 6 a turn in a long flood
    "max_connections=40",
    "max_wal_size=1GB",    // fewer checkpoints under load (promises.md T13)
    "wal_compression=lz4", // pglz costs several times the processor time
    "jit=off",             // our queries are short; compiling them costs more than they do
    "random_page_cost=1.1",
    "autovacuum_naptime=15s", // the queue tables turn over quickly
    // Rows are found by key, whatever their statistics; of a young and busy database they are made every few seconds.
    "default_statistics_target=10",
    "logging_collector=off",
};

// The bin folder of the newest server, "/usr/lib/postgresql/15/bin".
static bool find_bin(char *ret_path)
{
    DIR *dir = opendir(DEBIAN_POSTGRES);
    long newest = 0;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        char program[PATH_MAX];
        long version = strtol(entry->d_name, NULL, 10);
        snprintf(program, sizeof program, DEBIAN_POSTGRES "/%s/bin/initdb", entry->d_name);
        if (version > newest && access(program, X_OK) == 0)
            newest = version;
    }
    if (dir)
        closedir(dir);
    snprintf(ret_path, PATH_MAX, DEBIAN_POSTGRES "/%ld/bin", newest);
    return newest > 0;
}

static void socket_folder(const instance_t *instance, char *ret_path)
{
    snprintf(ret_path, PATH_MAX, "%.*s-pg", PATH_MAX - 8, instance->run);
}

// Runs a program as the server's user and waits; its output goes to log/postgres.out.
static bool run(const instance_t *instance, const char *const *args)
{
    const char *argv[ARGV_MAX_COUNT];
    size_t count = 0;
    if (geteuid() == 0) {
        static const char *const as_postgres[] = {"runuser", "-u", "postgres", "--"};
        for (size_t i = 0; i < ACT_COUNT(as_postgres); i++)
            argv[count++] = as_postgres[i];
    }
    for (size_t i = 0; args[i] && count + 1 < ARGV_MAX_COUNT; i++)
        argv[count++] = args[i];
    argv[count] = NULL;
    char output[PATH_MAX];
    snprintf(output, sizeof output, "%.*s/postgres.out", PATH_MAX - 16, instance->log);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0640);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawn_file_actions_addchdir_np(&actions, "/");
    pid_t pid = 0;
    int failed =
        posix_spawnp(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    while (!failed && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return !failed && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool own_folder(const char *path, const struct passwd *owner)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return false;
    return !owner || chown(path, owner->pw_uid, owner->pw_gid) == 0;
}

static bool make_cluster(const instance_t *instance, const char *bin)
{
    char version[PATH_MAX], program[PATH_MAX];
    snprintf(version, sizeof version, "%.*s/PG_VERSION", PATH_MAX - 16, instance->postgres);
    if (access(version, F_OK) == 0)
        return true;
    snprintf(program, sizeof program, "%.*s/initdb", PATH_MAX - 16, bin);
    // --no-sync: a cluster that has no data yet needs none; the server syncs all that follows.
    const char *args[] = {
        program,
        "-D",
        instance->postgres,
        "-U",
        "postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--data-checksums",
        "--wal-segsize=1", // MiB; a new one is written once in full while all commits wait
        "--no-sync",
        "--no-instructions",
        NULL};
    return run(instance, args);
}

static bool start_server(const instance_t *instance, const char *bin, const char *sockets,
                         bool waits)
{
    char program[PATH_MAX], output[PATH_MAX], options[4096];
    snprintf(program, sizeof program, "%.*s/pg_ctl", PATH_MAX - 16, bin);
    snprintf(output, sizeof output, "%.*s/server.log", PATH_MAX - 16, instance->postgres);
    size_t len = (size_t)snprintf(options, sizeof options, "-k %.*s", PATH_MAX / 2, sockets);
    for (size_t i = 0; i < ACT_COUNT(server_options); i++)
        len += (size_t)snprintf(options + len, sizeof options - len, " -c %s", server_options[i]);
    const char *args[] = {program, "-D",    instance->postgres,
                          "-l",    output,  waits ? "-w" : "-W",
                          "-t",    "60",    "-o",
                          options, "start", NULL};
    return run(instance, args);
}

static bool make_database(const instance_t *instance, const char *bin, const char *sockets)
{
    char marker[PATH_MAX], program[PATH_MAX];
    snprintf(marker, sizeof marker, "%.*s/parley.created", PATH_MAX - 32, instance->postgres);
    if (access(marker, F_OK) == 0)
        return true;
    snprintf(program, sizeof program, "%.*s/createdb", PATH_MAX - 16, bin);
    const char *args[] = {program, "-h", sockets, "-U", "postgres", DATABASE, NULL};
    const char *touch[] = {"touch", marker, NULL};
    // Made by an earlier try that died before the marker: then createdb fails and the server is asked.
    char psql[PATH_MAX];
    snprintf(psql, sizeof psql, "%.*s/psql", PATH_MAX - 16, bin);
    const char *probe[] = {psql, "-h",     sockets, "-U",  "postgres",
                           "-d", DATABASE, "-c",    "\\q", NULL};
    return (run(instance, args) || run(instance, probe)) && run(instance, touch);
}

static act_err_t refuse(const instance_t *instance, const char *what, act_buf_t *error)
{
    act_buf_printf(
        error,
        "PostgreSQL could not be %s in %s: see %s/postgres.out%s (or set DATABASE_URL, example: "
        "DATABASE_URL=postgresql://parley:secret@db.example.com/parley)",
        what, instance->postgres, instance->log,
        geteuid() == 0
            ? "; user postgres must be able to reach the folder, try --data /var/lib/parley"
            : "");
    return ACT_E_DATABASE;
}

act_err_t postgres_start(const instance_t *instance, char *ret_url, act_buf_t *error)
{
    char bin[PATH_MAX], sockets[PATH_MAX];
    const struct passwd *owner = geteuid() == 0 ? getpwnam("postgres") : NULL;
    socket_folder(instance, sockets);
    if (!find_bin(bin) || (geteuid() == 0 && !owner))
        return refuse(instance, "found on this machine, so it could not be started", error);
    if (!own_folder(instance->postgres, owner) || !own_folder(sockets, owner) ||
        !make_cluster(instance, bin))
        return refuse(instance, "set up", error);
    if (!postgres_is_running(instance) && !start_server(instance, bin, sockets, /* waits= */ true))
        return refuse(instance, "started", error);
    if (!make_database(instance, bin, sockets))
        return refuse(instance, "given its database", error);
    postgres_url(instance, ret_url);
    return ACT_E_OK;
}

void postgres_url(const instance_t *instance, char ret_url[POSTGRES_URL_BYTES])
{
    char sockets[PATH_MAX];
    socket_folder(instance, sockets);
    snprintf(ret_url, POSTGRES_URL_BYTES, "postgresql:///" DATABASE "?host=%s&user=postgres",
             sockets);
}

// The first line of postmaster.pid is the server's pid.
static pid_t server_pid(const instance_t *instance)
{
    char path[PATH_MAX], text[32] = "";
    snprintf(path, sizeof path, "%.*s/postmaster.pid", PATH_MAX - 24, instance->postgres);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    long pid = fgets(text, sizeof text, file) ? strtol(text, NULL, 10) : 0;
    fclose(file);
    return (pid_t)pid;
}

// A pid file can outlive its server, and the number can be somebody else's by now.
bool postgres_is_running(const instance_t *instance)
{
    pid_t pid = server_pid(instance);
    char path[64], name[64] = "";
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = pid > 0 ? fopen(path, "re") : NULL;
    if (!file)
        return false;
    bool is_server = fgets(name, sizeof name, file) && strncmp(name, "postgres", 8) == 0;
    fclose(file);
    return is_server;
}

void postgres_revive(const instance_t *instance)
{
    char bin[PATH_MAX], sockets[PATH_MAX];
    socket_folder(instance, sockets);
    if (find_bin(bin))
        start_server(instance, bin, sockets, /* waits= */ false);
}

void postgres_stop(const instance_t *instance)
{
    char bin[PATH_MAX], program[PATH_MAX], sockets[PATH_MAX];
    if (postgres_is_running(instance) && find_bin(bin)) {
        snprintf(program, sizeof program, "%.*s/pg_ctl", PATH_MAX - 16, bin);
        const char *args[] = {program, "-D", instance->postgres, "-m", "fast", "-w", "-t", "60",
                              "stop",  NULL};
        if (!run(instance, args))
            fprintf(stderr, "parley: PostgreSQL did not stop: see %s/postgres.out\n",
                    instance->log);
    }
    socket_folder(instance, sockets);
    rmdir(sockets);
}
