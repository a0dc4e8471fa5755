// instance: folders, lock, small files.
#include "instance.h"

#include "base/mem.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

// A Unix socket path holds 107 characters (unix(7)); "bus.sock" and a margin fit behind this.
#define RUN_MAX_BYTES 90
#define LOCK_FILE "launcher.lock"

// The real path of the folder that holds this program, two levels up: build/cli/parley -> build.
static bool build_folder(char *ret_path)
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return false;
    self[len] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(self, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    snprintf(ret_path, PATH_MAX, "%s", self);
    return true;
}

static bool join(char *ret_path, const char *folder, const char *name)
{
    return snprintf(ret_path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX;
}

// A data folder deep in the tree would make socket paths too long; then run/ is in /tmp, named by the
// user and the data folder.
static bool place_run(instance_t *self)
{
    if (!join(self->run, self->data, "run"))
        return false;
    if (strlen(self->run) > RUN_MAX_BYTES)
        snprintf(self->run, sizeof self->run, "/tmp/parley-%u-%08x", (unsigned)getuid(),
                 (unsigned)(act_str_hash(act_str(self->data), 0) & 0xffffffff));
    return true;
}

act_err_t instance_locate(const char *data, instance_t *ret_instance)
{
    instance_t self = {0};
    const char *name = data ? data : "var";
    char build[PATH_MAX], cwd[PATH_MAX];
    if (!build_folder(build) || !getcwd(cwd, sizeof cwd))
        return ACT_E_IO;
    const char *source = getenv("PARLEY_SOURCE"); // set by the launcher script
    snprintf(self.source, sizeof self.source, "%s", source ? source : cwd);
    bool fits = name[0] == '/' ? snprintf(self.data, PATH_MAX, "%s", name) < PATH_MAX
                               : join(self.data, cwd, name);
    while (strlen(self.data) > 1 && self.data[strlen(self.data) - 1] == '/')
        self.data[strlen(self.data) - 1] = '\0';
    if (!fits || !place_run(&self) || !join(self.log, self.data, "log") ||
        !join(self.keys, self.data, "keys") || !join(self.postgres, self.data, "pg") ||
        !join(self.tools, self.data, "tools") || !join(self.programs, build, "services"))
        return ACT_E_TOO_LARGE;
    snprintf(self.endpoint, sizeof self.endpoint, "ipc://%s/bus.sock", self.run);
    *ret_instance = self;
    return ACT_E_OK;
}

static bool make_folder(const char *path, mode_t mode)
{
    return (mkdir(path, mode) == 0 || errno == EEXIST) && chmod(path, mode) == 0;
}

act_err_t instance_create(const instance_t *self)
{
    // The data folder is passable, because PostgreSQL's cluster in it may belong to another user.
    bool is_made = make_folder(self->data, 0711) && make_folder(self->run, 0700) &&
                   make_folder(self->log, 0750) && make_folder(self->keys, 0700) &&
                   make_folder(self->tools, 0750);
    return is_made ? ACT_E_OK : ACT_E_IO;
}

// --- small files ---------------------------------------------------------------------------------

static int open_in_run(const instance_t *self, const char *name, int flags)
{
    char path[PATH_MAX];
    return join(path, self->run, name) ? open(path, flags | O_CLOEXEC, 0600) : -1;
}

void instance_write_number(const instance_t *self, const char *name, long number)
{
    int descriptor = open_in_run(self, name, O_WRONLY | O_CREAT | O_TRUNC);
    if (descriptor < 0)
        return;
    dprintf(descriptor, "%ld\n", number);
    close(descriptor);
}

long instance_read_number(const instance_t *self, const char *name)
{
    char text[32] = "";
    int descriptor = open_in_run(self, name, O_RDONLY);
    if (descriptor < 0)
        return 0;
    ssize_t len = read(descriptor, text, sizeof text - 1);
    close(descriptor);
    return len > 0 ? strtol(text, NULL, 10) : 0;
}

act_err_t instance_lock(const instance_t *self)
{
    int descriptor = open_in_run(self, LOCK_FILE, O_RDWR | O_CREAT);
    if (descriptor < 0)
        return ACT_E_IO;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        close(descriptor);
        return ACT_E_CONFLICT;
    }
    instance_write_number(self, "launcher.pid", (long)getpid());
    return ACT_E_OK; // the descriptor stays open: the lock goes with the process
}

pid_t instance_running(const instance_t *self)
{
    int descriptor = open_in_run(self, LOCK_FILE, O_RDWR);
    if (descriptor < 0)
        return 0;
    bool is_free = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
    close(descriptor);
    return is_free ? 0 : (pid_t)instance_read_number(self, "launcher.pid");
}

// run/t/<number>/{b,card.json}, one a tool (services/broker/tool_unit.c).
static void remove_tool_sockets(const instance_t *self)
{
    char parent[PATH_MAX], folder[PATH_MAX], path[PATH_MAX];
    DIR *dir = join(parent, self->run, "t") ? opendir(parent) : NULL;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry; entry = readdir(dir)) {
        if (entry->d_name[0] == '.' || !join(folder, parent, entry->d_name))
            continue;
        static const char *const files[] = {"b", "card.json", "card.part"};
        for (size_t i = 0; i < ACT_COUNT(files); i++)
            if (join(path, folder, files[i]))
                unlink(path);
        rmdir(folder);
    }
    if (dir) {
        closedir(dir);
        rmdir(parent);
    }
}

void instance_clean(const instance_t *self)
{
    static const char *const names[] = {"bus.sock", "launcher.pid", "http.port", LOCK_FILE};
    char path[PATH_MAX];
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        if (join(path, self->run, names[i]))
            unlink(path);
    remove_tool_sockets(self);
    rmdir(self->run);
}
