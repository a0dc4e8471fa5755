// tool_new: a folder that works, from a template (sdk/templates/<language>), and the compiler for C.
#include "instance.h"
#include "options.h"
#include "tool.h"
#include "tool/card.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEMPLATE_MAX_BYTES 16384
#define PLACE_OF_NAME "TOOL_NAME" // in names of files and in texts

typedef char path_t[PATH_MAX + 512];

static int refuse(const char *what, const char *about)
{
    fprintf(stderr, "parley tool: %s: %s\n", about, what);
    return EXIT_USAGE;
}

// Copies text with the name in its places.
static void put_name(const char *text, const char *name, act_buf_t *out)
{
    for (const char *at = strstr(text, PLACE_OF_NAME); at; at = strstr(text, PLACE_OF_NAME)) {
        act_buf_add(out, text, (size_t)(at - text));
        act_buf_add_str(out, act_str(name));
        text = at + strlen(PLACE_OF_NAME);
    }
    act_buf_add_str(out, act_str(text));
}

static bool write_file(const char *path, const act_buf_t *text)
{
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0)
        return false;
    bool is_written = write(descriptor, text->ptr, text->len_bytes) == (ssize_t)text->len_bytes;
    return close(descriptor) == 0 && is_written;
}

static bool copy_file(const char *from, const char *folder, const char *file, const char *name)
{
    char text[TEMPLATE_MAX_BYTES];
    path_t path;
    snprintf(path, sizeof path, "%.4000s/%.255s", from, file);
    FILE *source = fopen(path, "re");
    if (!source)
        return false;
    size_t len_bytes = fread(text, 1, sizeof text - 1, source);
    fclose(source);
    text[len_bytes] = '\0';
    act_buf_t out, target;
    act_buf_init(&out, 2 * TEMPLATE_MAX_BYTES);
    act_buf_init(&target, 1024);
    put_name(text, name, &out);
    put_name(file, name, &target);
    act_buf_add_char(&target, '\0');
    snprintf(path, sizeof path, "%.4000s/%.300s", folder, target.ptr);
    bool is_written = write_file(path, &out);
    act_buf_fini(&out);
    act_buf_fini(&target);
    return is_written;
}

static bool copy_template(const char *from, const char *folder, const char *name)
{
    DIR *dir = opendir(from);
    bool is_good = dir != NULL;
    for (struct dirent *entry = dir ? readdir(dir) : NULL; entry && is_good; entry = readdir(dir))
        if (entry->d_name[0] != '.')
            is_good = copy_file(from, folder, entry->d_name, name);
    if (dir)
        closedir(dir);
    return is_good;
}

// --- C ---------------------------------------------------------------------------------------------

static int run_program(const char *const words[])
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    int status = -1;
    return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

// Beside the old one and then in its place, so that nobody loads half of it.
static int compile(const instance_t *instance, const char *folder, const char *name)
{
    path_t source, object, target, include;
    snprintf(source, sizeof source, "%s/%s.c", folder, name);
    snprintf(object, sizeof object, "%s/.%s.so", folder, name);
    snprintf(target, sizeof target, "%s/%s.so", folder, name);
    snprintf(include, sizeof include, "-I%s/services/tools", instance->source);
    const char *const words[] = {"cc",      "-std=gnu17", "-O2",  "-g", "-Wall", "-Wextra", "-fPIC",
                                 "-shared", include,      source, "-o", object,  "-lm",     NULL};
    if (run_program(words) != 0)
        return refuse("could not be compiled (cc must be installed)", source);
    return rename(object, target) == 0 ? 0 : refuse(strerror(errno), target);
}

// --- Node ------------------------------------------------------------------------------------------

// The packages of the SDK, once.
static int install_node(const instance_t *instance)
{
    path_t folder, package;
    snprintf(folder, sizeof folder, "%s/sdk/node", instance->source);
    snprintf(package, sizeof package, "%s/sdk/node/node_modules/zeromq", instance->source);
    const char *const words[] = {"npm",       "ci",         "--prefix",         folder,
                                 "--no-fund", "--no-audit", "--ignore-scripts", NULL};
    if (access(package, F_OK) == 0)
        return 0;
    fprintf(stderr, "parley tool: npm ci in %s\n", folder);
    return run_program(words) == 0
               ? 0
               : refuse("its packages could not be installed (npm ci --prefix sdk/node)", folder);
}

// --- the commands ----------------------------------------------------------------------------------

static bool is_language(const char *name)
{
    return strcmp(name, "c") == 0 || strcmp(name, "python") == 0 || strcmp(name, "node") == 0;
}

static int make(const instance_t *instance, const char *name, const char *language)
{
    path_t from, folder, hidden;
    snprintf(from, sizeof from, "%s/sdk/templates/%s", instance->source, language);
    snprintf(folder, sizeof folder, "%s/%s", instance->tools, name);
    snprintf(hidden, sizeof hidden, "%s/.%s.new", instance->tools, name);
    (void)mkdir(instance->data, 0711);
    (void)mkdir(instance->tools, 0750);
    if (access(folder, F_OK) == 0)
        return refuse("is there already", folder);
    // Complete before it appears.
    if (mkdir(hidden, 0755) != 0 || !copy_template(from, hidden, name))
        return refuse(strerror(errno), hidden);
    int code = strcmp(language, "c") == 0      ? compile(instance, hidden, name)
               : strcmp(language, "node") == 0 ? install_node(instance)
                                               : 0;
    if (code != 0)
        return code;
    if (rename(hidden, folder) != 0)
        return refuse(strerror(errno), folder);
    printf("%s\n  edit it; what you save is used at once\n  try it: ./parley tool test %s\n",
           folder, name);
    return 0;
}

static bool parse(int argc, char **argv, const options_spec_t *spec, instance_t *ret_instance,
                  int *ret_code)
{
    const char *data = NULL;
    if (!options_parse_words(argc, argv, spec, &data, ret_code))
        return false;
    *ret_code = EXIT_USAGE;
    if (*spec->words_count == 0 || !act_tool_name_is_good(act_str(spec->words[0]))) {
        refuse("lower case letters, digits and _, a letter first (example: weather)",
               *spec->words_count == 0 ? "a name" : spec->words[0]);
        return false;
    }
    return instance_locate(data, ret_instance) == ACT_E_OK;
}

int tool_new(int argc, char **argv)
{
    const char *language = "python", *name = NULL;
    uint32_t words_count = 0;
    const option_t table[] = {{"lang", &language, NULL, "c, python or node (default python)"}, {0}};
    const options_spec_t spec = {.summary = "make a tool that works",
                                 .usage = "NAME [--lang c|python|node]",
                                 .table = table,
                                 .words = &name,
                                 .words_max = 1,
                                 .words_count = &words_count};
    instance_t instance;
    int code = 0;
    if (!parse(argc, argv, &spec, &instance, &code))
        return code;
    if (!is_language(language))
        return refuse("must be c, python or node (any other: docs/plugins.md, The wire)", language);
    return make(&instance, name, language);
}

int tool_build(int argc, char **argv)
{
    const char *name = NULL;
    uint32_t words_count = 0;
    const option_t table[] = {{0}};
    const options_spec_t spec = {.summary = "compile a tool in C again",
                                 .usage = "NAME",
                                 .table = table,
                                 .words = &name,
                                 .words_max = 1,
                                 .words_count = &words_count};
    instance_t instance;
    path_t folder;
    int code = 0;
    if (!parse(argc, argv, &spec, &instance, &code))
        return code;
    snprintf(folder, sizeof folder, "%s/%s", instance.tools, name);
    return compile(&instance, folder, name);
}
