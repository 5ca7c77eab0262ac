// Command peer is the Kitex end of the benchmark: `peer server` or `peer client ADDRESS`. It takes one command a
// line of JSON on stdin, answers each with one line on stdout, and ends when stdin does.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"github.com/cloudwego/kitex/pkg/klog"
)

// Command is what the runner wants; which fields count depends on Do.
type Command struct {
	Do          string `json:"do"`
	Ms          int    `json:"ms"`
	Size        int    `json:"size"`
	Streams     int    `json:"streams"`
	Connections int    `json:"connections"`
}

// Reply is what came of it.
type Reply map[string]any

func main() {
	klog.SetLevel(klog.LevelFatal)
	klog.SetOutput(os.Stderr)
	var answer func(Command) (Reply, error)
	switch {
	case len(os.Args) == 2 && os.Args[1] == "server":
		port, err := serve()
		if err != nil {
			fail(err)
		}
		tell(Reply{"port": port})
		answer = answerAsServer
	case len(os.Args) == 3 && os.Args[1] == "client":
		tell(Reply{"ready": true})
		answer = newCaller(os.Args[2]).answer
	default:
		fail(fmt.Errorf("usage: peer server | peer client ADDRESS"))
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
