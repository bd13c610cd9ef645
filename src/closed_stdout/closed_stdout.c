/* Notes, before anything else runs, that the caller has closed stdout. Rust's own start
 * puts /dev/null there, and a report would be lost in silence; there is no safe way in
 * Rust to run before it. A folder in its place takes no byte, and cannot be opened anew
 * for writing either, as `/dev/stdout`. */

#include <fcntl.h>
#include <unistd.h>

__attribute__((constructor)) static void keep_stdout_closed(void)
{
    int folder;

    if (fcntl(STDOUT_FILENO, F_GETFD) != -1)
        return;
    folder = open("/", O_RDONLY);
    if (folder == -1 || folder == STDOUT_FILENO)
        return;
    dup2(folder, STDOUT_FILENO);
    close(folder);
}
