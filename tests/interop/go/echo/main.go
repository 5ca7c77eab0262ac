// Command echo is a server of Kitex's that sends every message back as it came, whatever is called. It prints where it
// listens, and leaves by SIGTERM.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
)

func main() {
	klog.SetLevel(klog.LevelFatal) // of malformed input there is a lot to be said
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	handler := &genericserver.UnknownServiceOrMethodHandler{StreamingHandler: echo}
	srv := genericserver.NewUnknownServiceOrMethodServer(handler, server.WithListener(listener))
	fmt.Println("listening on", listener.Addr())
	return srv.Run()
}

func echo(ctx context.Context, _, _ string, stream generic.BidiStreamingServer) error {
	for {
		message, err := stream.Recv(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, message); err != nil {
			return err
		}
	}
}
