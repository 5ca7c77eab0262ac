// Command chat is Kitex in place of services of examples/chat: `chat model` is ServiceB, `chat service-a ADDRESS
// [grpc]` is ServiceA in front of a model. Both print their address, and one line of JSON for each stream that ends.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"interop/kitex_gen/chat"
	"interop/kitex_gen/chat/assistant"
	"interop/kitex_gen/chat/model"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/streaming"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
)

const tokenTime = 5 * time.Millisecond

func main() {
	klog.SetLevel(klog.LevelFatal)
	err := fmt.Errorf("usage: chat model | chat service-a ADDRESS [grpc]")
	switch {
	case len(os.Args) == 2 && os.Args[1] == "model":
		err = serve(func(opts ...server.Option) server.Server { return model.NewServer(&kitexModel{}, opts...) })
	case len(os.Args) >= 3 && os.Args[1] == "service-a":
		relay := &kitexAssistant{model: model.MustNewClient("Model", clientOptions(os.Args[2], len(os.Args) > 3)...)}
		err = serve(func(opts ...server.Option) server.Server { return assistant.NewServer(relay, opts...) })
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve serves until standard input ends: whoever has started this program is gone then.
func serve(newServer func(...server.Option) server.Server) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return newServer(server.WithListener(listener), server.WithMetaHandler(transmeta.ServerHTTP2Handler)).Run()
}

func clientOptions(address string, grpc bool) []client.Option {
	opts := []client.Option{
		client.WithHostPorts(address),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: "ServiceA"}),
	}
	if grpc {
		opts = append(opts, client.WithTransportProtocol(transport.GRPC), client.WithMetaHandler(transmeta.ClientHTTP2Handler))
	}
	return opts
}

// ended tells how a stream ended: its service, what its context says, and the tokens that went through it.
func ended(service string, ctx context.Context, tokens int) {
	text := ""
	if err := ctx.Err(); err != nil {
		text = err.Error()
	}
	line, _ := json.Marshal(map[string]any{"service": service, "error": text, "tokens": tokens})
	fmt.Println(string(line))
}

type kitexModel struct{}

func (kitexModel) Generate(ctx context.Context, stream chat.Model_GenerateServer) (err error) {
	made := 0
	defer func() { ended("ServiceB", ctx, made) }()
	question, err := stream.Recv(ctx)
	if err != nil {
		return err
	}
	if strings.Contains(question.Text, "secret") {
		return kerrors.NewBizStatusError(403, "Kitex does not tell secrets")
	}

	// The half close asks for an early end.
	var enough atomic.Bool
	go func() {
		if _, err := stream.Recv(ctx); err == io.EOF {
			enough.Store(true)
		}
	}()

	const sentences = 200
	const sentence = "This is Kitex, one word at a time."
	words := strings.Split(sentence, " ")
	planned := strconv.Itoa(sentences * len(words))
	if err := stream.SetHeader(streaming.Header{"planned-tokens": planned}); err != nil {
		return err
	}
	for n := 0; n < sentences; n++ {
		for _, word := range words {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(tokenTime):
			}
			if err := stream.Send(ctx, &chat.Token{Text: " " + word}); err != nil {
				return err
			}
			made++
		}
		if enough.Load() {
			break
		}
	}
	return stream.SetTrailer(streaming.Trailer{"usage-tokens": strconv.Itoa(made)})
}

type kitexAssistant struct{ model model.Client }

func (a kitexAssistant) Ask(ctx context.Context, stream chat.Assistant_AskServer) error {
	passed := 0
	defer func() { ended("ServiceA", ctx, passed) }()
	// The model's stream hangs on the context of this one: it ends with it, for the same reason.
	generating, err := a.model.Generate(ctx)
	if err != nil {
		return err
	}
	go func() {
		for {
			question, err := stream.Recv(ctx)
			if err == io.EOF {
				_ = generating.CloseSend(ctx)
			}
			if err != nil {
				return
			}
			if err := generating.Send(ctx, &chat.Question{Text: question.Text}); err != nil {
				return
			}
		}
	}()
	for {
		token, err := generating.Recv(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := stream.Send(ctx, token); err != nil {
			return err
		}
		passed++
	}
	trailer, err := generating.Trailer()
	if err != nil {
		return err
	}
	return stream.SetTrailer(streaming.Trailer{"usage-tokens": trailer["usage-tokens"]})
}
