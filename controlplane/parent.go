package main

import (
	"fmt"
	"io"
	"os"
)

// exitWithStdinVariable turns on exitWithStdin.
const exitWithStdinVariable = "PAWL_EXIT_WITH_STDIN"

// exitWithStdin ends this process as soon as its standard input ends, if the
// environment asks for it.
//
// The process that starts us holds the other end of a pipe. The kernel closes
// that end however the process dies, SIGKILL included, so nothing is left
// behind. (PR_SET_PDEATHSIG would not do: it fires when the starting *thread*
// ends, exists on Linux only, and is lost when the parent dies first.)
func exitWithStdin(name string) {
	if os.Getenv(exitWithStdinVariable) != "1" {
		return
	}
	// Programs started from here must not wait for a pipe that is not theirs.
	os.Unsetenv(exitWithStdinVariable)
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: reading standard input: %v\n", name, err)
		}
		fmt.Fprintf(os.Stderr, "%s: standard input ended, so whoever started this is gone: exiting\n", name)
		os.Exit(exitFailure)
	}()
}
