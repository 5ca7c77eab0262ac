// Command echo is a server of grpc-go's that sends every message back as it came, whatever is called. It prints where
// it listens, and leaves by SIGTERM.
package main

import (
	"fmt"
	"io"
	"net"
	"os"

	"google.golang.org/grpc"
)

func main() {
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
	server := grpc.NewServer(grpc.ForceServerCodec(bytesAsTheyAre{}), grpc.UnknownServiceHandler(echo))
	fmt.Println("listening on", listener.Addr())
	return server.Serve(listener)
}

func echo(_ any, stream grpc.ServerStream) error {
	for {
		var message []byte
		err := stream.RecvMsg(&message)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.SendMsg(&message); err != nil {
			return err
		}
	}
}

// bytesAsTheyAre has the content type of protobuf, and neither reads nor writes any.
type bytesAsTheyAre struct{}

func (bytesAsTheyAre) Name() string { return "proto" }

func (bytesAsTheyAre) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }

func (bytesAsTheyAre) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}
