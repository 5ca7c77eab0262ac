//go:build kitex_v0_14

package main

import (
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt/streamcall"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
)

type poolOption = ttstream.ClientProviderOption

func kindOf(error) string { return "" } // the kinds came with v0.15.1

func recvTimeoutOfClient(o Options) client.Option {
	return client.WithStreamOptions(client.WithStreamRecvTimeout(time.Duration(o.RecvTimeoutMs) * time.Millisecond))
}

func recvTimeoutOfCall(o Options) streamcall.Option {
	return streamcall.WithRecvTimeout(time.Duration(o.RecvTimeoutMs) * time.Millisecond)
}
