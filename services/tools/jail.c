// jail: namespaces and a root of its own, built on a file system in memory.
#include "jail.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Who the program is inside; outside it stays who we are.
#define INNER_ID 65534
#define ROOT "/tmp" // covered by the new root's file system until it is the root
#define OLD_ROOT "/.old"
#define PATH_BYTES 4096

// --- the parent ------------------------------------------------------------------------------------

static bool write_text(const char *path, const char *text)
{
    int descriptor = open(path, O_WRONLY | O_CLOEXEC);
    if (descriptor < 0)
        return false;
    ssize_t written = write(descriptor, text, strlen(text));
    close(descriptor);
    return written == (ssize_t)strlen(text);
}

static bool map_ids(unsigned user, unsigned group)
{
    char text[64];
    snprintf(text, sizeof text, "%d %u 1", INNER_ID, user);
    if (!write_text("/proc/self/uid_map", text) || !write_text("/proc/self/setgroups", "deny"))
        return false;
    snprintf(text, sizeof text, "%d %u 1", INNER_ID, group);
    return write_text("/proc/self/gid_map", text);
}

act_err_t jail_separate(const jail_spec_t *spec, const char **ret_what)
{
    unsigned user = geteuid(), group = getegid();
    int others = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
                 (spec->has_network ? 0 : CLONE_NEWNET);
    *ret_what = "user namespace";
    if (unshare(CLONE_NEWUSER) != 0 || !map_ids(user, group))
        return ACT_E_UNAVAILABLE;
    *ret_what = "mount, process, network, IPC, host name and control group namespaces";
    if (unshare(others) != 0)
        return ACT_E_UNAVAILABLE;
    return ACT_E_OK;
}

// --- the root --------------------------------------------------------------------------------------

// Makes every folder of a path below the new root.
static void make_folders(const char *path)
{
    char text[PATH_BYTES];
    snprintf(text, sizeof text, "%s", path);
    for (char *at = strchr(text + 1, '/'); at; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(text, 0755);
        *at = '/';
    }
    mkdir(text, 0755);
}

static bool protect(const char *path, uint64_t flags)
{
    struct mount_attr attributes = {.attr_set = flags};
    return mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes) == 0;
}

// Shows `from` of the old root at `to`.
static bool show(const char *from, const char *to, uint64_t flags)
{
    char source[PATH_BYTES];
    snprintf(source, sizeof source, OLD_ROOT "%.4000s", from);
    struct stat status;
    if (stat(source, &status) != 0)
        return false;
    if (S_ISDIR(status.st_mode)) {
        make_folders(to);
    } else {
        int descriptor = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
        if (descriptor >= 0)
            close(descriptor);
    }
    return mount(source, to, NULL, MS_BIND | MS_REC, NULL) == 0 && protect(to, flags);
}

#define READ_ONLY (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

// /bin and the like are links into /usr on today's systems, folders on others.
static void show_system_folder(const char *name)
{
    char old[64], target[PATH_BYTES];
    snprintf(old, sizeof old, OLD_ROOT "%s", name);
    ssize_t len_bytes = readlink(old, target, sizeof target - 1);
    if (len_bytes > 0) {
        target[len_bytes] = '\0';
        (void)!symlink(target, name);
    } else {
        (void)show(name, name, READ_ONLY);
    }
}

static void show_system(bool has_network)
{
    static const char *const folders[] = {"/bin", "/sbin", "/lib", "/lib32", "/lib64"};
    static const char *const files[] = {"/etc/ld.so.cache", "/etc/localtime", "/etc/nsswitch.conf"};
    static const char *const network_files[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs"};
    for (size_t i = 0; i < ACT_COUNT(folders); i++)
        show_system_folder(folders[i]);
    make_folders("/etc");
    for (size_t i = 0; i < ACT_COUNT(files); i++)
        (void)show(files[i], files[i], READ_ONLY);
    for (size_t i = 0; has_network && i < ACT_COUNT(network_files); i++) {
        make_folders("/etc/ssl");
        (void)show(network_files[i], network_files[i], READ_ONLY);
    }
}

static void show_devices(void)
{
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full", "/dev/random",
                                        "/dev/urandom"};
    mkdir("/dev", 0755);
    for (size_t i = 0; i < ACT_COUNT(names); i++)
        (void)show(names[i], names[i], MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
}

static bool make_scratch(uint32_t scratch_mb)
{
    char options[64];
    snprintf(options, sizeof options, "size=%um,nr_inodes=4096,mode=0700", scratch_mb);
    mkdir("/scratch", 0700);
    return mount("tmpfs", "/scratch", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) == 0;
}

// Only its own processes; a kernel that hides parts of /proc does not allow it, and then there is none.
static void show_processes(void)
{
    mkdir("/proc", 0555);
    (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "subset=pid");
}

static bool show_own(const jail_spec_t *spec)
{
    for (uint32_t i = 0; i < spec->reads_count; i++)
        if (!show(spec->reads[i], spec->reads[i], READ_ONLY))
            return false;
    return show(spec->folder, spec->folder, READ_ONLY) &&
           show(spec->socket_folder, "/run/parley", READ_ONLY);
}

static bool turn_root(void)
{
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=512,mode=0755") ==
               0 &&
           mkdir(ROOT OLD_ROOT, 0700) == 0 && chdir(ROOT) == 0 &&
           syscall(SYS_pivot_root, ".", ROOT OLD_ROOT) == 0 && chdir("/") == 0;
}

static bool leave_old_root(void)
{
    struct mount_attr attributes = {.attr_set = READ_ONLY}; // of the root alone
    return umount2(OLD_ROOT, MNT_DETACH) == 0 && rmdir(OLD_ROOT) == 0 &&
           mount_setattr(AT_FDCWD, "/", 0, &attributes, sizeof attributes) == 0;
}

// --- privileges ------------------------------------------------------------------------------------

static bool drop_capabilities(void)
{
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
        if (prctl(PR_CAPBSET_DROP, capability) != 0)
            return false;
    uint32_t header[2] = {_LINUX_CAPABILITY_VERSION_3, 0}; // capset(2); this process
    uint32_t none[6] = {0};
    return prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                                        SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED |
                                        SECBIT_NO_CAP_AMBIENT_RAISE |
                                        SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED) == 0 &&
           prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
           syscall(SYS_capset, header, none) == 0;
}

static bool limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit pair = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(resource, &pair) == 0;
}

static bool set_limits(const jail_spec_t *spec)
{
#if defined(__SANITIZE_ADDRESS__)
    bool has_memory = true; // its shadow is larger than any limit
#else
    bool has_memory = limit(RLIMIT_DATA, (uint64_t)spec->memory_mb << 20);
#endif
    return has_memory && limit(RLIMIT_NOFILE, spec->open_files_count) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_FSIZE, (uint64_t)spec->scratch_mb << 20) && limit(RLIMIT_MEMLOCK, 0) &&
           limit(RLIMIT_MSGQUEUE, 0) && limit(RLIMIT_RTPRIO, 0) && limit(RLIMIT_SIGPENDING, 256) &&
           limit(RLIMIT_NPROC, spec->processes_count + 64); // threads count; not for uid 0
}

act_err_t jail_root(const jail_spec_t *spec, const char **ret_what)
{
    *ret_what = "root of its own";
    if (!turn_root() || !show("/usr", "/usr", READ_ONLY))
        return ACT_E_UNAVAILABLE;
    show_system(spec->has_network);
    show_devices();
    show_processes();
    *ret_what = "its folders";
    if (!show_own(spec) || !make_scratch(spec->scratch_mb) || !leave_old_root() ||
        chdir(spec->folder) != 0)
        return ACT_E_UNAVAILABLE;
    (void)!sethostname("tool", 4);
    *ret_what = "dropping of capabilities";
    return drop_capabilities() ? ACT_E_OK : ACT_E_UNAVAILABLE;
}

act_err_t jail_limit(const jail_spec_t *spec, const char **ret_what)
{
    *ret_what = "limits";
    return set_limits(spec) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? ACT_E_OK
                                                                           : ACT_E_UNAVAILABLE;
}
