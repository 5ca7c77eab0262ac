// Command compression plays gRPC's four cases about compression with grpc-go, whose own interop programs have none of
// them: a server that prints where it listens, and a client that plays one case against an address and ends with 0
// where it passes. Where a message of a stream is to be compressed and the next is not, grpc-go cannot say so: it
// checks both, and sends all of a call one way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	pb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

func main() {
	err := errors.New("usage: compression server | compression client ADDRESS CASE")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		err = serve()
	case len(os.Args) == 4 && os.Args[1] == "client":
		err = play(os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// last is whether the message of a call that was read last came compressed.
type last struct{ compressed atomic.Bool }

type lastKey struct{}

func lastOf(ctx context.Context) bool { return ctx.Value(lastKey{}).(*last).compressed.Load() }

// watch notes of every message how it came. A message of zeros is shorter compressed, and grpc-go has no other sign.
type watch struct{}

func (watch) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	if ctx.Value(lastKey{}) != nil {
		return ctx // a client's, which wants to read it
	}
	return context.WithValue(ctx, lastKey{}, &last{})
}

func (watch) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if in, ok := s.(*stats.InPayload); ok {
		ctx.Value(lastKey{}).(*last).compressed.Store(in.CompressedLength != in.Length)
	}
}

func (watch) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (watch) HandleConn(context.Context, stats.ConnStats)                       {}

type service struct {
	pb.UnimplementedTestServiceServer
}

func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(grpc.StatsHandler(watch{}))
	pb.RegisterTestServiceServer(server, service{})
	fmt.Println("listening on", listener.Addr())
	return server.Serve(listener)
}

func (service) UnaryCall(ctx context.Context, request *pb.SimpleRequest) (*pb.SimpleResponse, error) {
	if err := check(ctx, request.ExpectCompressed); err != nil {
		return nil, err
	}
	if request.GetResponseCompressed().GetValue() {
		if err := grpc.SetSendCompressor(ctx, gzip.Name); err != nil {
			return nil, err
		}
	} else if err := grpc.SetSendCompressor(ctx, "identity"); err != nil {
		return nil, err
	}
	return &pb.SimpleResponse{Payload: zeros(request.ResponseSize)}, nil
}

func (service) StreamingInputCall(stream pb.TestService_StreamingInputCallServer) error {
	sum := 0
	for {
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&pb.StreamingInputCallResponse{AggregatedPayloadSize: int32(sum)})
		}
		if err != nil {
			return err
		}
		if err := check(stream.Context(), request.ExpectCompressed); err != nil {
			return err
		}
		sum += len(request.GetPayload().GetBody())
	}
}

func check(ctx context.Context, expected *pb.BoolValue) error {
	if came := lastOf(ctx); expected != nil && expected.Value != came {
		return status.Errorf(codes.InvalidArgument, "compressed: expected %v, came %v", expected.Value, came)
	}
	return nil
}

func zeros(size int32) *pb.Payload { return &pb.Payload{Body: make([]byte, size)} }

func play(address, name string) error {
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithStatsHandler(watch{}))
	if err != nil {
		return err
	}
	defer connection.Close()
	client := pb.NewTestServiceClient(connection)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	switch name {
	case "client_compressed_unary":
		return clientCompressedUnary(ctx, client)
	case "server_compressed_unary":
		return serverCompressedUnary(ctx, client)
	case "client_compressed_streaming":
		return clientCompressedStreaming(ctx, client)
	case "server_compressed_streaming":
		return serverCompressedStreaming(ctx, client)
	}
	return fmt.Errorf("no case %q", name)
}

// how are the call options that compress requests, or do not.
func how(compress bool) []grpc.CallOption {
	if compress {
		return []grpc.CallOption{grpc.UseCompressor(gzip.Name)}
	}
	return nil
}

func clientCompressedUnary(ctx context.Context, client pb.TestServiceClient) error {
	request := func(expected bool) *pb.SimpleRequest {
		return &pb.SimpleRequest{
			ExpectCompressed: &pb.BoolValue{Value: expected}, ResponseSize: 314159, Payload: zeros(271828),
		}
	}
	if _, err := client.UnaryCall(ctx, request(true)); status.Code(err) != codes.InvalidArgument {
		return fmt.Errorf("the probe: %v", err)
	}
	for _, compress := range []bool{true, false} {
		response, err := client.UnaryCall(ctx, request(compress), how(compress)...)
		if err != nil {
			return fmt.Errorf("compressed %v: %w", compress, err)
		}
		if n := len(response.GetPayload().GetBody()); n != 314159 {
			return fmt.Errorf("compressed %v: %d bytes", compress, n)
		}
	}
	return nil
}

func serverCompressedUnary(ctx context.Context, client pb.TestServiceClient) error {
	for _, compress := range []bool{true, false} {
		seen := &last{}
		response, err := client.UnaryCall(context.WithValue(ctx, lastKey{}, seen), &pb.SimpleRequest{
			ResponseCompressed: &pb.BoolValue{Value: compress}, ResponseSize: 314159, Payload: zeros(271828),
		})
		if err != nil {
			return fmt.Errorf("compressed %v: %w", compress, err)
		}
		if n := len(response.GetPayload().GetBody()); n != 314159 || seen.compressed.Load() != compress {
			return fmt.Errorf("%d bytes, compressed: expected %v, came %v", n, compress, seen.compressed.Load())
		}
	}
	return nil
}

func clientCompressedStreaming(ctx context.Context, client pb.TestServiceClient) error {
	send := func(compress, expected bool, sizes ...int32) error {
		stream, err := client.StreamingInputCall(ctx, how(compress)...)
		if err != nil {
			return err
		}
		sum := int32(0)
		for _, size := range sizes {
			request := &pb.StreamingInputCallRequest{
				ExpectCompressed: &pb.BoolValue{Value: expected}, Payload: zeros(size),
			}
			if err := stream.Send(request); err != nil && err != io.EOF {
				return err
			}
			sum += size
		}
		response, err := stream.CloseAndRecv()
		if err == nil && response.AggregatedPayloadSize != sum {
			return fmt.Errorf("the sum is %d, expected %d", response.AggregatedPayloadSize, sum)
		}
		return err
	}
	if err := send(false, true, 27182); status.Code(err) != codes.InvalidArgument {
		return fmt.Errorf("the probe: %v", err)
	}
	if err := send(true, true, 27182, 45904); err != nil {
		return err
	}
	return send(false, false, 27182, 45904)
}

func serverCompressedStreaming(ctx context.Context, client pb.TestServiceClient) error {
	seen := &last{}
	stream, err := client.StreamingOutputCall(context.WithValue(ctx, lastKey{}, seen), &pb.StreamingOutputCallRequest{
		ResponseParameters: []*pb.ResponseParameters{
			{Compressed: &pb.BoolValue{Value: true}, Size: 31415},
			{Compressed: &pb.BoolValue{Value: false}, Size: 92653},
		},
	})
	if err != nil {
		return err
	}
	for i, size := range []int{31415, 92653} {
		response, err := stream.Recv()
		if err != nil {
			return err
		}
		compressed := i == 0
		if n := len(response.GetPayload().GetBody()); n != size || seen.compressed.Load() != compressed {
			return fmt.Errorf("message %d: %d bytes, expected %d; compressed: expected %v, came %v",
				i, n, size, compressed, seen.compressed.Load())
		}
	}
	if _, err := stream.Recv(); err != io.EOF {
		return fmt.Errorf("the end: %v", err)
	}
	return nil
}
