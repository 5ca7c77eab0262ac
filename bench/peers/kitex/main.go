// Command peer is the Kitex end of the benchmark: `peer server PROTOCOL` or `peer client PROTOCOL ADDRESS`, where
// PROTOCOL is ttheader or grpc. It takes one command a line of JSON on stdin, answers each with one line on stdout,
// and ends when stdin does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
)

// Command is what the runner wants; which fields count depends on Do.
type Command struct {
	Do          string `json:"do"`
	Ms          int    `json:"ms"`
	Size        int    `json:"size"`
	Streams     int    `json:"streams"`
	Connections int    `json:"connections"`
	Pool        string `json:"pool"`
	InText      bool   `json:"inText"`
	Count       int    `json:"count"`
}

// Reply is what came of it.
type Reply map[string]any

func main() {
	klog.SetLevel(klog.LevelFatal)
	klog.SetOutput(os.Stderr)
	var answer func(Command) (Reply, error)
	switch arguments := strings.Join(os.Args[1:min(3, len(os.Args))], " "); {
	case arguments == "server ttheader" && len(os.Args) == 3:
		answer = answerOn(newTTHeaderServer)
	case arguments == "server grpc" && len(os.Args) == 3:
		answer = answerOn(newGrpcServer)
	case arguments == "client ttheader" && len(os.Args) == 4:
		tell(Reply{"ready": true})
		answer = newCaller(os.Args[3], ttheader).answer
	case arguments == "client grpc" && len(os.Args) == 4:
		tell(Reply{"ready": true})
		answer = newCaller(os.Args[3], grpc).answer
	default:
		fail(fmt.Errorf("usage: peer server PROTOCOL | peer client PROTOCOL ADDRESS"))
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var command Command
		if err := json.Unmarshal(lines.Bytes(), &command); err != nil {
			fail(err)
		}
		go func() { // stdin must be read on: its end is the peer's
			reply, err := answer(command)
			if err != nil {
				fail(fmt.Errorf("%s: %w", command.Do, err))
			}
			tell(reply)
		}()
	}
}

func answerOn(make func(net.Listener) server.Server) func(Command) (Reply, error) {
	port, err := serve(make)
	if err != nil {
		fail(err)
	}
	tell(Reply{"port": port})
	return answerAsServer
}

func tell(reply Reply) {
	line, err := json.Marshal(reply)
	if err != nil {
		fail(err)
	}
	os.Stdout.Write(append(line, '\n'))
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// memory is what lives on the heap and on the goroutines' stacks.
func memory() Reply {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return Reply{"heap": stats.HeapAlloc + stats.StackInuse}
}
