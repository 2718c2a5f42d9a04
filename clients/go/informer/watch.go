package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// result is what a run of `informer watch` ends with.
type result struct {
	Mode string `json:"mode"`
	// Whether every store held exactly what a list of the server gave, before time was up.
	Equal    bool                   `json:"equal"`
	SettleMs int64                  `json:"settleMs"`
	Kinds    map[string]*kindResult `json:"kinds"`
}

func watch(ctx context.Context, args []string) error {
	c := newCommon("watch")
	kinds := c.set.String("kinds", "configmaps.v1.", "comma separated RESOURCE.VERSION.GROUP, such as sites.v1alpha1.skerry.dev,leases.v1.coordination.k8s.io,configmaps.v1.")
	mode := c.set.String("mode", "dynamic", "dynamic, metadata or typed (typed knows Kubernetes' own kinds alone)")
	resync := c.set.Duration("resync", 2*time.Second, "how often every handler hears of every object again")
	watchList := c.set.Bool("watch-list", true, "begin with a streaming list (sendInitialEvents)")
	readyFile := c.set.String("ready-file", "", "written when every informer has its first list")
	untilFile := c.set.String("until-file", "", "end when this file is there; without it, as soon as the first list is")
	truth := c.set.String("truth-kubeconfig", "", "where to list what there is in the end; by default --kubeconfig")
	settle := c.set.Duration("settle", 30*time.Second, "how long the stores may take to become equal once the end has come")
	out := c.set.String("out", "", "the result as JSON; by default on stdout")
	if err := c.set.Parse(args); err != nil {
		return err
	}
	os.Setenv("KUBE_FEATURE_WatchListClient", fmt.Sprint(*watchList))
	followed, start, err := newInformers(c, *mode, *kinds, *resync)
	if err != nil {
		return err
	}
	start(ctx.Done())
	for _, each := range followed {
		if !cache.WaitForCacheSync(ctx.Done(), each.informer.HasSynced, each.handled.HasSynced) {
			return fmt.Errorf("%s: ended before its first list", each.name)
		}
	}
	if *readyFile != "" {
		if err := os.WriteFile(*readyFile, nil, 0o644); err != nil {
			return err
		}
	}
	if err := waitForFile(ctx, *untilFile); err != nil {
		return err
	}
	if *truth == "" {
		truth = c.kubeconfig
	}
	config, err := clientcmd.BuildConfigFromFlags("", *truth)
	if err != nil {
		return err
	}
	config.QPS = -1
	ended, err := compareUntilEqual(ctx, dynamic.NewForConfigOrDie(config), comparison{followed, *c.namespace, *settle})
	if err != nil {
		return err
	}
	ended.Mode = *mode
	if err := writeJSON(*out, ended); err != nil {
		return err
	}
	if !ended.Equal {
		return fmt.Errorf("the stores are not what the server has")
	}
	return nil
}

// newInformers makes one shared informer for each kind; start runs them until stop is closed.
func newInformers(c common, mode, kinds string, resync time.Duration) ([]*followedKind, func(stop <-chan struct{}), error) {
	var informerOf func(schema.GroupVersionResource) (cache.SharedIndexInformer, error)
	var start func(stop <-chan struct{})
	config, err := c.config()
	if err != nil {
		return nil, nil, err
	}
	switch mode {
	case "dynamic":
		client, err := dynamic.NewForConfig(config)
		if err != nil {
			return nil, nil, err
		}
		factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, resync, *c.namespace, nil)
		informerOf = func(gvr schema.GroupVersionResource) (cache.SharedIndexInformer, error) {
			return factory.ForResource(gvr).Informer(), nil
		}
		start = factory.Start
	case "metadata":
		client, err := metadata.NewForConfig(config)
		if err != nil {
			return nil, nil, err
		}
		factory := metadatainformer.NewFilteredSharedInformerFactory(client, resync, *c.namespace, nil)
		informerOf = func(gvr schema.GroupVersionResource) (cache.SharedIndexInformer, error) {
			return factory.ForResource(gvr).Informer(), nil
		}
		start = factory.Start
	case "typed":
		typed, err := c.typedConfig()
		if err != nil {
			return nil, nil, err
		}
		client, err := kubernetes.NewForConfig(typed)
		if err != nil {
			return nil, nil, err
		}
		factory := informers.NewSharedInformerFactoryWithOptions(client, resync, informers.WithNamespace(*c.namespace))
		informerOf = func(gvr schema.GroupVersionResource) (cache.SharedIndexInformer, error) {
			generic, err := factory.ForResource(gvr)
			if err != nil {
				return nil, err
			}
			return generic.Informer(), nil
		}
		start = factory.Start
	default:
		return nil, nil, fmt.Errorf("--mode %s: say dynamic, metadata or typed", mode)
	}
	var followed []*followedKind
	for _, name := range strings.Split(kinds, ",") {
		gvr, _ := schema.ParseResourceArg(name)
		if gvr == nil {
			return nil, nil, fmt.Errorf("--kinds %s: write RESOURCE.VERSION.GROUP; the core group is empty: configmaps.v1.", name)
		}
		informer, err := informerOf(*gvr)
		if err != nil {
			return nil, nil, err
		}
		each, err := follow(name, *gvr, informer)
		if err != nil {
			return nil, nil, err
		}
		followed = append(followed, each)
	}
	return followed, start, nil
}

func waitForFile(ctx context.Context, path string) error {
	for path != "" {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

// versionOf tells an object from every other state of it.
func versionOf(object any) (key, version string, err error) {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return "", "", err
	}
	key, err = cache.MetaNamespaceKeyFunc(object)
	return key, string(accessor.GetUID()) + "@" + accessor.GetResourceVersion(), err
}

var listOptions = metav1.ListOptions{}
