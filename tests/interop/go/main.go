// Command peer is the Kitex end of the interop matrix: a server and, at the same time, a client that takes one
// command a line on stdin. Both print one line of JSON an event on stdout. It ends when stdin does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"time"

	"interop/kitex_gen/idl/interop"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
)

func main() {
	klog.SetLevel(klog.LevelWarn)
	klog.SetOutput(os.Stderr)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	srv := interop.NewServer(&handlers{}, server.WithListener(listener), server.WithExitWaitTime(time.Millisecond))
	go func() {
		if err := srv.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	grpcAddress, err := serveGrpc()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	emit(fields{"ev": "listening", "address": listener.Addr().String(), "grpcAddress": grpcAddress})

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var command Command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			fmt.Fprintln(os.Stderr, "bad command:", err)
			os.Exit(2)
		}
		go perform(command)
	}
}

func perform(c Command) {
	up := &end{ctx: context.Background(), caseID: c.Case, node: c.Node, last: &lastError{}}
	ended := make(chan struct{})
	go func() {
		call(up, c.Call)
		close(ended)
	}()
	finished := fields{"case": c.Case, "node": c.Node, "role": "client", "ev": "finished"}
	select {
	case <-ended:
	case <-time.After(limit):
		finished["stuck"] = true
	}
	emit(finished)
}
