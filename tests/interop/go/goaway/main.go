// Command goaway is Kitex at either end of a connection that is given up: a server of grpc.testing.TestService that
// shuts down gracefully on SIGTERM, and a client that makes many calls and then waits for the end of a stream, or
// closes by itself.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"interop/kitex_gen/grpctesting"
	"interop/kitex_gen/grpctesting/testservice"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
)

func main() {
	klog.SetLevel(klog.LevelWarn)
	klog.SetOutput(os.Stderr)
	err := fmt.Errorf("usage: goaway server | goaway client ADDRESS COUNT [close]")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		err = serve()
	case len(os.Args) >= 4 && os.Args[1] == "client":
		err = call(os.Args[2], os.Args[3], len(os.Args) > 4)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type service struct{ grpctesting.TestService }

func (service) EmptyCall(context.Context, *grpctesting.Empty) (*grpctesting.Empty, error) {
	return &grpctesting.Empty{}, nil
}

func (service) FullDuplexCall(ctx context.Context, stream grpctesting.TestService_FullDuplexCallServer) error {
	for {
		request, err := stream.Recv(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range request.ResponseParameters {
			response := &grpctesting.StreamingOutputCallResponse{
				Payload: &grpctesting.Payload{Body: make([]byte, p.Size)},
			}
			if err := stream.Send(ctx, response); err != nil {
				return err
			}
		}
	}
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := testservice.NewServer(&service{},
		server.WithListener(listener),
		server.WithExitWaitTime(time.Second), // what is left then gets a RST_STREAM with Kitex's own code 1000
		server.WithCompatibleMiddlewareForUnary(),
	)
	fmt.Println("listening on", listener.Addr())
	return srv.Run()
}

func call(address, count string, closes bool) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	c, err := testservice.NewClient("TestService", client.WithHostPorts(address))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for range n {
		if _, err := c.EmptyCall(ctx, &grpctesting.Empty{}); err != nil {
			return err
		}
	}
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	request := &grpctesting.StreamingOutputCallRequest{
		ResponseParameters: []*grpctesting.ResponseParameters{{Size: 10}},
	}
	if err := stream.Send(ctx, request); err != nil {
		return err
	}
	if _, err := stream.Recv(ctx); err != nil {
		return err
	}
	fmt.Println("called")
	if closes {
		if err := stream.CloseSend(ctx); err != nil {
			return err
		}
	}
	_, err = stream.Recv(ctx)
	fmt.Println("the stream ended with", err)
	return nil
}
