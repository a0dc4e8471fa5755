// jail_calls: the system calls a tool may make. The default is EPERM, so that a runtime that tries
// something and has another way goes on; what is not known to the list answers ENOSYS where libraries
// look for that (clone3, statx never: it is on the list). Nothing here opens a way out: no tracing, no
// keys, no modules, no mounts, no namespaces, no other processes' memory, no io_uring, bpf or
// userfaultfd.
#include "jail.h"

#include "base/mem.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <termios.h>

static const char *const allowed[] = {
    // files
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "open",
    "openat",
    "openat2",
    "close",
    "close_range",
    "creat",
    "stat",
    "fstat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "fstatfs",
    "lseek",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getdents",
    "getdents64",
    "getcwd",
    "chdir",
    "fchdir",
    "rename",
    "renameat",
    "renameat2",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "ftruncate",
    "fallocate",
    "fsync",
    "fdatasync",
    "fchmod",
    "chmod",
    "fchmodat",
    "umask",
    "utimensat",
    "flock",
    "fadvise64",
    "sendfile",
    "copy_file_range",
    "splice",
    "tee",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "fcntl",
    // memory
    "mmap",
    "munmap",
    "mremap",
    "mprotect",
    "madvise",
    "brk",
    "membarrier",
    "mincore",
    // time
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "timerfd_create",
    "timerfd_settime",
    "timerfd_gettime",
    "timer_create",
    "timer_settime",
    "timer_gettime",
    "timer_delete",
    "timer_getoverrun",
    "setitimer",
    "getitimer",
    "alarm",
    // waiting
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd",
    "eventfd2",
    "futex",
    "futex_waitv",
    "signalfd4",
    "inotify_init1",
    "inotify_add_watch",
    "inotify_rm_watch",
    // itself
    "exit",
    "exit_group",
    "getpid",
    "getppid",
    "gettid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getpgrp",
    "getpgid",
    "getsid",
    "getrusage",
    "times",
    "sysinfo",
    "uname",
    "getrandom",
    "getrlimit",
    "prlimit64",
    "getpriority",
    "sched_yield",
    "sched_getaffinity",
    "sched_setscheduler",
    "sched_getparam",
    "sched_getscheduler",
    "sched_get_priority_max",
    "sched_get_priority_min",
    "capget",
    "arch_prctl",
    "set_tid_address",
    "set_robust_list",
    "get_robust_list",
    "rseq",
    "restart_syscall",
    "getcpu",
    "get_mempolicy",
    // signals
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "pause",
    "wait4",
    "waitid",
    // sockets; which families is said below
    "connect",
    "bind",
    "listen",
    "accept",
    "accept4",
    "getsockname",
    "getpeername",
    "getsockopt",
    "setsockopt",
    "sendto",
    "recvfrom",
    "sendmsg",
    "recvmsg",
    "sendmmsg",
    "recvmmsg",
    "shutdown",
    // the program itself is started behind the filter
    "execve",
};

// In a process namespace of its own these reach nobody else.
static const char *const signals[] = {"kill", "tkill", "tgkill", "rt_sigqueueinfo",
                                      "rt_tgsigqueueinfo"};

// Calls that a library tries first and does well without.
static const char *const absent[] = {"clone3", "io_uring_setup", "landlock_create_ruleset",
                                     "pidfd_open", "process_madvise"};

typedef bool add_fn(scmp_filter_ctx filter, const jail_spec_t *spec);

static bool allow(scmp_filter_ctx filter, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    // A name that this architecture does not have is no hole.
    return number < 0 || seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) == 0;
}

static bool add_names(scmp_filter_ctx filter, const jail_spec_t *spec)
{
    (void)spec;
    bool is_good = true;
    for (size_t i = 0; i < ACT_COUNT(allowed); i++)
        is_good = is_good && allow(filter, allowed[i]);
    for (size_t i = 0; i < ACT_COUNT(absent); i++) {
        int number = seccomp_syscall_resolve_name(absent[i]);
        is_good = is_good &&
                  (number < 0 || seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0) == 0);
    }
    return is_good;
}

// Threads always; processes only where they are declared. Never with a namespace.
static bool add_clone(scmp_filter_ctx filter, const jail_spec_t *spec)
{
    const unsigned long spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
    const unsigned long thread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                         SCMP_A0(SCMP_CMP_MASKED_EQ, spaces | thread, thread)) != 0)
        return false;
    if (spec->processes_count == 0)
        return true;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, spaces | CLONE_THREAD, 0)) == 0 &&
           allow(filter, "vfork") && allow(filter, "fork");
}

static bool add_family(scmp_filter_ctx filter, const char *call, int family)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(call), 1,
                            SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)family)) == 0;
}

// Without network there is the bus, which is a Unix socket; packets and netlink are nobody's.
static bool add_sockets(scmp_filter_ctx filter, const jail_spec_t *spec)
{
    return add_family(filter, "socket", AF_UNIX) && add_family(filter, "socketpair", AF_UNIX) &&
           (!spec->has_network ||
            (add_family(filter, "socket", AF_INET) && add_family(filter, "socket", AF_INET6)));
}

// Of a terminal only its size may be asked; TIOCSTI would type for somebody else.
static bool add_requests(scmp_filter_ctx filter, const jail_spec_t *spec)
{
    (void)spec;
    static const unsigned long requests[] = {FIONREAD, FIONBIO, FIOCLEX,
                                             FIONCLEX, TCGETS,  TIOCGWINSZ};
    static const int options[] = {PR_SET_NAME,     PR_GET_NAME,         PR_SET_PDEATHSIG,
                                  PR_GET_DUMPABLE, PR_SET_VMA,          PR_SET_DUMPABLE,
                                  PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SET_THP_DISABLE};
    bool is_good = true;
    for (size_t i = 0; i < ACT_COUNT(requests); i++)
        is_good =
            is_good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                        SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffff, requests[i])) == 0;
    for (size_t i = 0; i < ACT_COUNT(options); i++)
        is_good = is_good && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                              SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)options[i])) == 0;
    return is_good;
}

act_err_t jail_filter(const jail_spec_t *spec, bool is_apart)
{
    static add_fn *const parts[] = {add_names, add_clone, add_sockets, add_requests};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool is_good = filter &&
                   seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0 &&
                   seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0;
    for (size_t i = 0; i < ACT_COUNT(parts); i++)
        is_good = is_good && parts[i](filter, spec);
    for (size_t i = 0; i < ACT_COUNT(signals) && is_apart; i++)
        is_good = is_good && allow(filter, signals[i]);
    is_good = is_good && seccomp_load(filter) == 0;
    if (filter)
        seccomp_release(filter);
    return is_good ? ACT_E_OK : ACT_E_UNAVAILABLE;
}
