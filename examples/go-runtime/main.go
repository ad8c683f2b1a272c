// Command go-runtime is a runtime provider for gestaltd in Go, on grpc-go and the code that the .proto files give,
// and nothing else of this repository: it runs each plugin as a process of this machine.
//
// Ids such as PLUG-6 in comments are those of the host's contract.
package main

import "os"

func main() {
	// The same program is the parent of each plugin: see keeper.go.
	if len(os.Args) == 2 && os.Args[1] == keeperArgument {
		os.Exit(keep())
	}
	os.Exit(serve())
}
