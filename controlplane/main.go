// Command pawl-controlplane is a Kubernetes control plane in one binary: each
// subcommand hands over to the original program's own command, unchanged.
// It serves Pawl's demo and tests on a developer's machine and nothing else.
package main

import (
	"fmt"
	"io"
	"os"
	"sort"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	kubectl "k8s.io/kubectl/pkg/cmd"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// Exit codes of this binary itself; a subcommand may use others.
const (
	exitFailure = 1
	exitUsage   = 2
)

type command struct {
	summary string
	// server says that the command runs until it is told to stop, and so may outlive whoever started it.
	server bool
	// run gets the arguments after the subcommand's name and returns the exit code.
	run func(name string, args []string) int
}

var commands = map[string]command{
	"etcd":                    {"the store, without fsync: its data does not survive a crash of the machine", true, runEtcd},
	"kube-apiserver":          {"the API server", true, cobraCommand(apiserver.NewAPIServerCommand)},
	"kube-controller-manager": {"the built-in controllers", true, cobraCommand(controllermanager.NewControllerManagerCommand)},
	"kube-scheduler":          {"the scheduler", true, cobraCommand(func() *cobra.Command { return scheduler.NewSchedulerCommand() })},
	"kwok":                    {"simulated nodes: plays the kubelet by stages", true, runKwok},
	"kubectl":                 {"the command-line client", false, cobraCommand(kubectl.NewDefaultKubectlCommand)},
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "Usage: pawl-controlplane <command> [flags]")
	fmt.Fprintln(w, "\nCommands:")
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(w, "  %-24s %s\n", name, commands[name].summary)
	}
	fmt.Fprintln(w, "\n\"pawl-controlplane <command> --help\" lists a command's flags.")
	fmt.Fprintf(w, "With %s=1 every command but kubectl exits as soon as its standard input ends.\n", exitWithStdinVariable)
}

func main() {
	if len(os.Args) < 2 {
		usage(os.Stderr)
		os.Exit(exitUsage)
	}
	name, args := os.Args[1], os.Args[2:]
	if name == "help" || name == "-h" || name == "--help" {
		usage(os.Stdout)
		return
	}
	chosen, known := commands[name]
	if !known {
		fmt.Fprintf(os.Stderr, "pawl-controlplane: unknown command %q\n\n", name)
		usage(os.Stderr)
		os.Exit(exitUsage)
	}
	if chosen.server {
		exitWithStdin(name)
	}
	os.Exit(chosen.run(name, args))
}

// cobraCommand makes a subcommand of one of Kubernetes' own, which read their flags from os.Args.
func cobraCommand(build func() *cobra.Command) func(string, []string) int {
	return func(name string, args []string) int {
		os.Args = append([]string{name}, args...)
		return cli.Run(build())
	}
}
