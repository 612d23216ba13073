/* A tree of files in memory, as an embedder would have it behind a virtual directory: handles are the numbers
 * of its nodes. It can lie. */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include "api.h"

enum { NODES = 32, ROOT = 0, DATA_MAX = 256 };

typedef struct Node {
    bool is_used, is_directory;
    unsigned parent, opened;
    char name[64];
    char data[DATA_MAX];
    size_t size;
    uint64_t modified;
} Node;

/* What it lies about. */
typedef enum Lie {
    HONEST,
    READS_TOO_MUCH,
    WRITES_TOO_MUCH,
    WRITES_NOTHING,
    WAITS,
    UNKNOWN_ERROR,
    UNKNOWN_TYPE,
    HUGE,
    SLASH_NAME,
    NUL_NAME,
    LATIN_NAME,
    UP_NAME,
    EMPTY_NAME,
    LONG_NAME,
    NO_NEXT,
    SAME_NEXT,
} Lie;

typedef struct Tree {
    Node nodes[NODES];
    Lie lie;
    unsigned asked; /* functions called with a path */
} Tree;

static inline unsigned add(Tree *tree, unsigned parent, const char *name, const char *data) {
    for (unsigned i = 1; i < NODES; i++)
        if (!tree->nodes[i].is_used && !tree->nodes[i].opened) {
            tree->nodes[i] = (Node){.is_used = true, .is_directory = data == NULL, .parent = parent};
            snprintf(tree->nodes[i].name, sizeof tree->nodes[i].name, "%s", name);
            tree->nodes[i].size = data ? strlen(data) : 0;
            memcpy(tree->nodes[i].data, data ? data : "", tree->nodes[i].size);
            return i;
        }
    return NODES;
}

static inline unsigned child(const Tree *tree, unsigned parent, const char *name, size_t size) {
    for (unsigned i = 1; i < NODES; i++)
        if (tree->nodes[i].is_used && tree->nodes[i].parent == parent &&
            strlen(tree->nodes[i].name) == size && memcmp(tree->nodes[i].name, name, size) == 0)
            return i;
    return NODES;
}

/* The directory that the path's last name is in, and that; also that the path is what the library promises.
 */
static inline sg_wasi_errno find(Tree *tree, uint64_t dir, const char *path, unsigned *parent,
                                 const char **name) {
    tree->asked++;
    assert_true(dir < NODES && tree->nodes[dir].is_directory);
    *parent = (unsigned)dir;
    for (*name = path;; path = *name) {
        size_t size = strcspn(path, "/");
        assert_true(size > 0 && strncmp(path, "..", size > 2 ? size : 2) != 0);
        assert_true(size > 1 || *path != '.');
        if (path[size] == '\0')
            return tree->nodes[*parent].is_directory ? SG_WASI_SUCCESS : SG_WASI_NOTDIR;
        *parent = child(tree, *parent, path, size);
        if (*parent == NODES)
            return SG_WASI_NOENT;
        *name = path + size + 1;
    }
}

static inline sg_wasi_errno find_node(Tree *tree, uint64_t dir, const char *path, unsigned *node) {
    unsigned parent;
    const char *name;
    sg_wasi_errno error = find(tree, dir, path, &parent, &name);
    if (error != SG_WASI_SUCCESS)
        return error;
    *node = child(tree, parent, name, strlen(name));
    return *node == NODES ? SG_WASI_NOENT : SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_open(void *context, uint64_t dir, const char *path, unsigned flags,
                                      uint64_t *handle) {
    Tree *tree = context;
    unsigned parent, node = (unsigned)dir;
    const char *name = path;
    if (strcmp(path, ".") != 0) {
        sg_wasi_errno error = find(tree, dir, path, &parent, &name);
        if (error != SG_WASI_SUCCESS)
            return error;
        node = child(tree, parent, name, strlen(name));
        if (node < NODES && (flags & SG_WASI_OPEN_CREATE) && (flags & SG_WASI_OPEN_EXCLUSIVE))
            return SG_WASI_EXIST;
        if (node == NODES && (flags & SG_WASI_OPEN_CREATE) && (node = add(tree, parent, name, "")) == NODES)
            return SG_WASI_NOSPC;
        if (node == NODES)
            return SG_WASI_NOENT;
    }
    if (flags & SG_WASI_OPEN_TRUNCATE)
        tree->nodes[node].size = 0;
    tree->nodes[node].opened++;
    *handle = node;
    return SG_WASI_SUCCESS;
}

static inline void tree_close(void *context, uint64_t handle) {
    Tree *tree = context;
    assert_true(handle < NODES && tree->nodes[handle].opened > 0);
    tree->nodes[handle].opened--;
}

static inline sg_wasi_errno tree_stat(void *context, uint64_t handle, sg_wasi_file_stat *stat) {
    const Tree *tree = context;
    const Node *node = &tree->nodes[handle];
    *stat = (sg_wasi_file_stat){.type = node->is_directory ? SG_WASI_DIRECTORY : SG_WASI_REGULAR_FILE,
                                .inode = handle + 1,
                                .size = tree->lie == HUGE ? UINT64_MAX : node->size,
                                .modified = node->modified};
    if (tree->lie == UNKNOWN_TYPE)
        stat->type = (sg_wasi_file_type)7;
    return SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_read(void *context, uint64_t handle, void *buffer, size_t size,
                                      uint64_t offset, size_t *count) {
    const Tree *tree = context;
    const Node *node = &tree->nodes[handle];
    size_t left = offset < node->size ? node->size - (size_t)offset : 0;
    *count = left < size ? left : size;
    memcpy(buffer, node->data + (left ? offset : 0), *count);
    if (tree->lie == READS_TOO_MUCH)
        *count = size + 1;
    return tree->lie == WAITS           ? SG_WASI_AGAIN
           : tree->lie == UNKNOWN_ERROR ? (sg_wasi_errno)1000
                                        : SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_write(void *context, uint64_t handle, const void *data, size_t size,
                                       uint64_t offset, size_t *count) {
    const Tree *tree = context;
    Node *node = &((Tree *)context)->nodes[handle];
    if (offset >= DATA_MAX)
        return SG_WASI_FBIG;
    *count = size < DATA_MAX - offset ? size : (size_t)(DATA_MAX - offset);
    memcpy(node->data + offset, data, *count);
    node->size = offset + *count > node->size ? (size_t)offset + *count : node->size;
    if (tree->lie == WRITES_TOO_MUCH || tree->lie == WRITES_NOTHING)
        *count = tree->lie == WRITES_NOTHING ? 0 : size + 1;
    return tree->lie == WAITS           ? SG_WASI_AGAIN
           : tree->lie == UNKNOWN_ERROR ? (sg_wasi_errno)-5
                                        : SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_set_size(void *context, uint64_t handle, uint64_t size) {
    Node *node = &((Tree *)context)->nodes[handle];
    if (size > DATA_MAX)
        return SG_WASI_FBIG;
    if (size > node->size)
        memset(node->data + node->size, 0, (size_t)size - node->size);
    node->size = (size_t)size;
    return SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_set_times(void *context, uint64_t handle, const uint64_t *accessed,
                                           const uint64_t *modified) {
    (void)accessed;
    if (modified)
        ((Tree *)context)->nodes[handle].modified = *modified;
    return SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_read_directory(void *context, uint64_t handle, uint64_t position,
                                                sg_wasi_file_entry *entry) {
    static const char long_name[300] = "x";
    const Tree *tree = context;
    for (unsigned i = (unsigned)position + 1; i < NODES; i++) {
        const Node *node = &tree->nodes[i];
        if (!node->is_used || node->parent != handle)
            continue;
        *entry = (sg_wasi_file_entry){.name = sg_string_of(node->name, strlen(node->name)),
                                      .type = node->is_directory ? SG_WASI_DIRECTORY : SG_WASI_REGULAR_FILE,
                                      .inode = i + 1,
                                      .next = i};
        switch (tree->lie) {
        case SLASH_NAME: entry->name = sg_string_of("a/b", 3); break;
        case NUL_NAME: entry->name = sg_string_of("a\0b", 3); break;
        case LATIN_NAME: entry->name = sg_string_of("\xe4", 1); break;
        case UP_NAME: entry->name = sg_string_of("..", 2); break;
        case EMPTY_NAME: entry->name = sg_string_of("", 0); break;
        case LONG_NAME: entry->name = sg_string_of(long_name, sizeof long_name); break;
        case UNKNOWN_TYPE: entry->type = (sg_wasi_file_type)0; break;
        case NO_NEXT: entry->next = 0; break;
        case SAME_NEXT: entry->next = position; break;
        default: break;
        }
        return SG_WASI_SUCCESS;
    }
    return SG_WASI_NOENT;
}

static inline sg_wasi_errno tree_make_directory(void *context, uint64_t dir, const char *path) {
    Tree *tree = context;
    unsigned parent;
    const char *name;
    sg_wasi_errno error = find(tree, dir, path, &parent, &name);
    if (error != SG_WASI_SUCCESS)
        return error;
    if (child(tree, parent, name, strlen(name)) != NODES)
        return SG_WASI_EXIST;
    return add(tree, parent, name, NULL) == NODES ? SG_WASI_NOSPC : SG_WASI_SUCCESS;
}

static inline sg_wasi_errno remove_node(Tree *tree, uint64_t dir, const char *path, bool is_directory) {
    unsigned node;
    sg_wasi_errno error = find_node(tree, dir, path, &node);
    if (error != SG_WASI_SUCCESS)
        return error;
    if (tree->nodes[node].is_directory != is_directory)
        return is_directory ? SG_WASI_NOTDIR : SG_WASI_ISDIR;
    for (unsigned i = 1; i < NODES; i++)
        if (is_directory && tree->nodes[i].is_used && tree->nodes[i].parent == node)
            return SG_WASI_NOTEMPTY;
    tree->nodes[node].is_used = false;
    return SG_WASI_SUCCESS;
}

static inline sg_wasi_errno tree_remove_directory(void *context, uint64_t dir, const char *path) {
    return remove_node(context, dir, path, true);
}

static inline sg_wasi_errno tree_unlink(void *context, uint64_t dir, const char *path) {
    return remove_node(context, dir, path, false);
}

static inline sg_wasi_errno tree_rename(void *context, uint64_t from, const char *from_path, uint64_t to,
                                        const char *to_path) {
    Tree *tree = context;
    unsigned node, parent;
    const char *name;
    sg_wasi_errno error = find_node(tree, from, from_path, &node);
    if (error == SG_WASI_SUCCESS)
        error = find(tree, to, to_path, &parent, &name);
    if (error != SG_WASI_SUCCESS)
        return error;
    unsigned replaced = child(tree, parent, name, strlen(name));
    if (replaced < NODES)
        tree->nodes[replaced].is_used = false;
    tree->nodes[node].parent = parent;
    snprintf(tree->nodes[node].name, sizeof tree->nodes[node].name, "%s", name);
    return SG_WASI_SUCCESS;
}

static inline sg_wasi_files files_of(Tree *tree) {
    return (sg_wasi_files){.size = sizeof(sg_wasi_files),
                           .context = tree,
                           .open = tree_open,
                           .close = tree_close,
                           .stat = tree_stat,
                           .read = tree_read,
                           .write = tree_write,
                           .set_size = tree_set_size,
                           .set_times = tree_set_times,
                           .read_directory = tree_read_directory,
                           .make_directory = tree_make_directory,
                           .remove_directory = tree_remove_directory,
                           .unlink = tree_unlink,
                           .rename = tree_rename};
}

/* "hello", "sub" with "inner" in it, "empty". */
static inline void tree_start(Tree *tree) {
    tree->nodes[ROOT] = (Node){.is_used = true, .is_directory = true, .parent = NODES};
    add(tree, ROOT, "hello", "hello, world");
    unsigned sub = add(tree, ROOT, "sub", NULL);
    add(tree, sub, "inner", "inside");
    add(tree, ROOT, "empty", NULL);
}

/* All that was opened has been closed. */
static inline void tree_end(const Tree *tree) {
    for (unsigned i = 0; i < NODES; i++)
        assert_int_equal(tree->nodes[i].opened, 0);
}

#endif
