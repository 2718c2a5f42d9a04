// Command informer is client-go doing its ordinary day against a server: informers that must end
// with exactly the server's objects, leader election, and server-side apply.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	verb, args := "watch", os.Args[1:]
	if len(args) > 0 && args[0][0] != '-' {
		verb, args = args[0], args[1:]
	}
	verbs := map[string]func(context.Context, []string) error{"watch": watch, "lead": lead, "apply": apply}
	run, ok := verbs[verb]
	if !ok {
		fail(fmt.Errorf("%s: say watch, lead or apply", verb))
	}
	if err := run(ctx, args); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "informer:", err)
	os.Exit(1)
}

// common are the flags that every verb has.
type common struct {
	set         *flag.FlagSet
	kubeconfig  *string
	namespace   *string
	contentType *string
	qps         *float64
}

func newCommon(verb string) common {
	set := flag.NewFlagSet("informer "+verb, flag.ExitOnError)
	klog.InitFlags(set)
	return common{
		set:         set,
		kubeconfig:  set.String("kubeconfig", os.Getenv("KUBECONFIG"), "who to speak to, and as whom"),
		namespace:   set.String("namespace", "", "one namespace; empty means all"),
		contentType: set.String("content-type", "", "what typed clients send and ask for, such as application/vnd.kubernetes.protobuf"),
		qps:         set.Float64("qps", 200, "requests a second at most"),
	}
}

func (c common) config() (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", *c.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = float32(*c.qps), int(*c.qps)*2
	config.UserAgent = "skerry-clients/informer"
	return config, nil
}

// typedConfig is for typed clients, which can speak protobuf; dynamic ones cannot.
func (c common) typedConfig() (*rest.Config, error) {
	config, err := c.config()
	if err == nil && *c.contentType != "" {
		config.ContentType = *c.contentType
		config.AcceptContentTypes = *c.contentType + ",application/json"
	}
	return config, err
}

// writeJSON writes to a file that appears whole, or to stdout.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	if path == "" {
		_, err = fmt.Println(string(text))
		return err
	}
	if err := os.WriteFile(path+".part", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
