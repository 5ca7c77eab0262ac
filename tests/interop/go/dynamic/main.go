// Command dynamic is Kitex's JSON generic call at both ends: a generic server of the IDL that it is given, and a generic
// client that takes one command a line on stdin and prints what came of it, one line of JSON each. It ends when stdin
// does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/genericclient"
	"github.com/cloudwego/kitex/pkg/generic"
	"github.com/cloudwego/kitex/pkg/generic/descriptor"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/server/genericserver"
	"github.com/cloudwego/kitex/transport"
)

// Command is a call that the client is to make.
type Command struct {
	ID        int      `json:"id"`
	Address   string   `json:"address"`
	Transport string   `json:"transport"`
	Kind      string   `json:"kind"`
	Method    string   `json:"method"`
	Requests  []string `json:"requests"`
}

// Answer is what came of it.
type Answer struct {
	ID        int      `json:"id"`
	Responses []string `json:"responses"`
	Error     string   `json:"error,omitempty"`
}

var transports = map[string]transport.Protocol{
	"buffered":        transport.PurePayload,
	"framed":          transport.Framed,
	"ttheader":        transport.TTHeader,
	"ttheader-framed": transport.TTHeaderFramed,
	"streaming":       transport.TTHeaderStreaming,
	"grpc":            transport.GRPC,
	"grpc-streaming":  transport.GRPCStreaming,
}

const limit = 10 * time.Second

func main() {
	klog.SetLevel(klog.LevelFatal)
	klog.SetOutput(os.Stderr)
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: dynamic IDL plain|dynamicgo")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2] == "dynamicgo"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(idl string, dynamicgo bool) error {
	g, err := jsonGeneric(idl, dynamicgo)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := genericserver.NewServerV2(handlers, g,
		server.WithListener(listener), server.WithExitWaitTime(time.Millisecond))
	go func() {
		if err := srv.Run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}()
	fmt.Printf("{\"address\":%q}\n", listener.Addr().String())

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var command Command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			return err
		}
		g, err := jsonGeneric(idl, dynamicgo)
		if err != nil {
			return err
		}
		go perform(command, g)
	}
	return lines.Err()
}

func jsonGeneric(idl string, dynamicgo bool) (generic.Generic, error) {
	provide := generic.NewThriftFileProvider
	if dynamicgo {
		provide = generic.NewThriftFileProviderWithDynamicGo
	}
	p, err := provide(idl)
	if err != nil {
		return nil, err
	}
	return generic.JSONThriftGeneric(p)
}

var handlers = &generic.ServiceV2{
	GenericCall: func(_ context.Context, _, method string, request any) (any, error) {
		switch method {
		case "Twice":
			var number int64
			if err := json.Unmarshal([]byte(request.(string)), &number); err != nil {
				return nil, err
			}
			return fmt.Sprint(2 * number), nil
		case "Leaves":
			var leaves map[string]json.RawMessage
			if err := json.Unmarshal([]byte(request.(string)), &leaves); err != nil {
				return nil, err
			}
			values := make([]json.RawMessage, 0, len(leaves))
			for _, leaf := range leaves {
				values = append(values, leaf)
			}
			text, err := json.Marshal(values)
			return string(text), err
		case "Nothing":
			return descriptor.Void{}, nil
		case "Forget":
			return nil, nil
		case "Refuse":
			return nil, errors.New("refused")
		default:
			return request, nil
		}
	},
	ServerStreaming: func(ctx context.Context, _, _ string, request any, stream generic.ServerStreamingServer) error {
		for range 3 {
			if err := stream.Send(ctx, request); err != nil {
				return err
			}
		}
		return nil
	},
	ClientStreaming: func(ctx context.Context, _, _ string, stream generic.ClientStreamingServer) error {
		var last any
		for {
			request, err := stream.Recv(ctx)
			if err == io.EOF {
				return stream.SendAndClose(ctx, last)
			}
			if err != nil {
				return err
			}
			last = request
		}
	},
	BidiStreaming: func(ctx context.Context, _, _ string, stream generic.BidiStreamingServer) error {
		for {
			request, err := stream.Recv(ctx)
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if err := stream.Send(ctx, request); err != nil {
				return err
			}
		}
	},
}

var printing sync.Mutex

func perform(command Command, g generic.Generic) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	responses, err := call(ctx, command, g)
	answer := Answer{ID: command.ID, Responses: responses}
	if answer.Responses == nil {
		answer.Responses = []string{}
	}
	if err != nil {
		answer.Error = err.Error()
	}
	line, err := json.Marshal(answer)
	if err != nil {
		line = []byte(fmt.Sprintf("{\"id\":%d,\"responses\":[],\"error\":%q}", command.ID, err.Error()))
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func call(ctx context.Context, c Command, g generic.Generic) ([]string, error) {
	protocol, ok := transports[c.Transport]
	if !ok {
		return nil, fmt.Errorf("unknown transport %s", c.Transport)
	}
	cli, err := genericclient.NewClient("Every", g, client.WithHostPorts(c.Address),
		client.WithTransportProtocol(protocol), client.WithRPCTimeout(limit))
	if err != nil {
		return nil, err
	}
	defer cli.Close()
	switch c.Kind {
	case "unary":
		response, err := cli.GenericCall(ctx, c.Method, c.Requests[0])
		if err != nil {
			return nil, err
		}
		if text, ok := response.(string); ok {
			return []string{text}, nil
		}
		return []string{fmt.Sprintf("%T", response)}, nil
	case "server":
		stream, err := cli.ServerStreaming(ctx, c.Method, c.Requests[0])
		if err != nil {
			return nil, err
		}
		return receive(func() (any, error) { return stream.Recv(stream.Context()) })
	case "client":
		stream, err := cli.ClientStreaming(ctx, c.Method)
		if err != nil {
			return nil, err
		}
		for _, request := range c.Requests {
			if err := stream.Send(stream.Context(), request); err != nil {
				return nil, err
			}
		}
		response, err := stream.CloseAndRecv(stream.Context())
		if err != nil {
			return nil, err
		}
		return []string{response.(string)}, nil
	default:
		stream, err := cli.BidirectionalStreaming(ctx, c.Method)
		if err != nil {
			return nil, err
		}
		for _, request := range c.Requests {
			if err := stream.Send(stream.Context(), request); err != nil {
				return nil, err
			}
		}
		if err := stream.CloseSend(stream.Context()); err != nil {
			return nil, err
		}
		return receive(func() (any, error) { return stream.Recv(stream.Context()) })
	}
}

func receive(next func() (any, error)) ([]string, error) {
	var responses []string
	for {
		response, err := next()
		if err == io.EOF {
			return responses, nil
		}
		if err != nil {
			return responses, err
		}
		responses = append(responses, response.(string))
	}
}
