//go:build !kitex_v0_14

package main

import (
	"errors"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/client/callopt/streamcall"
	"github.com/cloudwego/kitex/pkg/kerrors"
	"github.com/cloudwego/kitex/pkg/remote/trans/ttstream"
	"github.com/cloudwego/kitex/pkg/streaming"
)

// What is not the same in every version of Kitex that the peer is built with.

type poolOption = ttstream.ClientHandlerOption

func kindOf(err error) string {
	switch {
	case errors.Is(err, kerrors.ErrStreamingCanceled):
		return "canceled"
	case errors.Is(err, kerrors.ErrStreamingTimeout):
		return "timeout"
	case errors.Is(err, kerrors.ErrStreamingProtocol):
		return "protocol"
	}
	return "application"
}

func recvTimeoutOfClient(o Options) client.Option {
	return client.WithStreamOptions(client.WithStreamRecvTimeoutConfig(recvTimeout(o)))
}

func recvTimeoutOfCall(o Options) streamcall.Option {
	return streamcall.WithRecvTimeoutConfig(recvTimeout(o))
}

func recvTimeout(o Options) streaming.TimeoutConfig {
	return streaming.TimeoutConfig{
		Timeout:             time.Duration(o.RecvTimeoutMs) * time.Millisecond,
		DisableCancelRemote: o.DisableCancelRemote,
	}
}
