package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/embed"
)

const etcdReadyTimeout = 30 * time.Second

// runEtcd runs a single etcd member until SIGTERM or SIGINT.
func runEtcd(name string, args []string) int {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	dataDir := flags.String("data-dir", "", "folder for the data (required)")
	socket := flags.String("socket", "", "path of the unix socket to serve clients on (required)")
	logLevel := flags.String("log-level", "error", "debug, info, warn, error")
	switch err := flags.Parse(args); {
	case errors.Is(err, pflag.ErrHelp):
		return 0
	case err != nil:
		return etcdUsage(flags, err)
	case flags.NArg() > 0:
		return etcdUsage(flags, fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	case *dataDir == "" || *socket == "":
		return etcdUsage(flags, errors.New("--data-dir and --socket are required"))
	case !filepath.IsAbs(*socket):
		return etcdUsage(flags, fmt.Errorf("--socket must be an absolute path, got %q", *socket))
	}

	config := embed.NewConfig()
	config.Dir = *dataDir
	config.LogLevel = *logLevel
	config.UnsafeNoFsync = true
	// Unix sockets take no port and let nobody in but the owner of the folder.
	config.ListenClientUrls = []url.URL{{Scheme: "unix", Path: *socket}}
	config.ListenPeerUrls = []url.URL{{Scheme: "unix", Path: *socket + ".peer"}}
	// A lone member is advertised to nobody, but the addresses must look like some.
	config.AdvertiseClientUrls = []url.URL{{Scheme: "http", Host: "localhost:2379"}}
	config.AdvertisePeerUrls = []url.URL{{Scheme: "http", Host: "localhost:2380"}}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	// A lone member has nobody to wait for: elect within milliseconds.
	config.TickMs, config.ElectionMs = 10, 100

	server, err := embed.StartEtcd(config)
	if err != nil {
		fmt.Fprintf(os.Stderr, "etcd: %v\n", err)
		return exitFailure
	}
	defer server.Close()

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-server.Server.ReadyNotify():
		fmt.Println("etcd: ready")
	case err := <-server.Err():
		fmt.Fprintf(os.Stderr, "etcd: %v\n", err)
		return exitFailure
	case <-time.After(etcdReadyTimeout):
		fmt.Fprintf(os.Stderr, "etcd: not ready after %s\n", etcdReadyTimeout)
		return exitFailure
	case <-stop:
		return 0
	}
	select {
	case err := <-server.Err():
		fmt.Fprintf(os.Stderr, "etcd: %v\n", err)
		return exitFailure
	case <-stop:
		return 0
	}
}

func etcdUsage(flags *pflag.FlagSet, err error) int {
	fmt.Fprintf(os.Stderr, "etcd: %v\n\nFlags:\n%s", err, flags.FlagUsages())
	return exitUsage
}
