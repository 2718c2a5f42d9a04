package main

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
)

const oddMax = 20

// kindResult is what was seen of one kind.
type kindResult struct {
	// NAMESPACE/NAME -> UID@RESOURCEVERSION
	Items   map[string]string `json:"items"`
	Adds    int               `json:"adds"`
	Updates int               `json:"updates"`
	Deletes int               `json:"deletes"`
	Resyncs int               `json:"resyncs"`
	// Broken watches and failed lists, by which the informer began anew.
	WatchErrors int `json:"watchErrors"`
	// What a handler must never be told, the first few.
	Odd []string `json:"odd"`
	// How the store differs from the server in the end, the first few.
	Differences []string `json:"differences"`
}

// followedKind is an informer and a second store that is made of nothing but what its handlers were told.
type followedKind struct {
	name     string
	gvr      schema.GroupVersionResource
	informer cache.SharedIndexInformer
	handled  cache.ResourceEventHandlerRegistration

	mutex sync.Mutex
	told  map[string]string
	seen  kindResult
}

func follow(name string, gvr schema.GroupVersionResource, informer cache.SharedIndexInformer) (*followedKind, error) {
	f := &followedKind{name: name, gvr: gvr, informer: informer, told: map[string]string{}}
	err := informer.SetWatchErrorHandler(func(_ *cache.Reflector, err error) {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.seen.WatchErrors++
	})
	if err != nil {
		return nil, err
	}
	f.handled, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { f.hear("add", object) },
		UpdateFunc: func(_, object any) { f.hear("update", object) },
		DeleteFunc: func(object any) {
			if unknown, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			f.hear("delete", object)
		},
	})
	return f, err
}

func (f *followedKind) hear(what string, object any) {
	key, version, err := versionOf(object)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if err != nil {
		f.odd("%s of something without metadata: %v", what, err)
		return
	}
	before, isKnown := f.told[key]
	switch {
	case what == "delete":
		f.seen.Deletes++
		if !isKnown {
			f.odd("delete of %s, which was not there", key)
		}
		delete(f.told, key)
		return
	case what == "add" && isKnown:
		f.odd("add of %s, which was there", key)
	case what == "add":
		f.seen.Adds++
	case !isKnown:
		f.odd("update of %s, which was not there", key)
	case before == version:
		f.seen.Resyncs++
	default:
		f.seen.Updates++
	}
	f.told[key] = version
}

func (f *followedKind) odd(format string, args ...any) {
	if len(f.seen.Odd) < oddMax {
		f.seen.Odd = append(f.seen.Odd, fmt.Sprintf(format, args...))
	}
}

type comparison struct {
	followed  []*followedKind
	namespace string
	settle    time.Duration
}

// compareUntilEqual lists the server until the stores hold the same, or time is up.
func compareUntilEqual(ctx context.Context, client dynamic.Interface, c comparison) (*result, error) {
	began := time.Now()
	for {
		ended := &result{Equal: true, Kinds: map[string]*kindResult{}}
		for _, each := range c.followed {
			compared, err := each.compare(ctx, client.Resource(each.gvr), c.namespace)
			if err != nil && time.Since(began) > c.settle {
				return nil, fmt.Errorf("%s: listing what there is: %w", each.name, err)
			}
			if err != nil {
				ended.Equal = false
				continue
			}
			ended.Equal = ended.Equal && len(compared.Differences) == 0 && len(compared.Odd) == 0
			ended.Kinds[each.name] = compared
		}
		ended.SettleMs = time.Since(began).Milliseconds()
		if ended.Equal || time.Since(began) > c.settle {
			return ended, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (f *followedKind) compare(ctx context.Context, client dynamic.NamespaceableResourceInterface, namespace string) (*kindResult, error) {
	var lister dynamic.ResourceInterface = client
	if namespace != "" {
		lister = client.Namespace(namespace)
	}
	list, err := lister.List(ctx, listOptions)
	if err != nil {
		return nil, err
	}
	there := map[string]string{}
	if err := meta.EachListItem(list, addTo(there)); err != nil {
		return nil, err
	}
	stored := map[string]string{}
	for _, object := range f.informer.GetStore().List() {
		key, version, err := versionOf(object)
		if err != nil {
			return nil, err
		}
		stored[key] = version
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	compared := f.seen
	compared.Items = stored
	compared.Odd = append([]string{}, f.seen.Odd...)
	compared.Differences = append(differences("store", stored, there), differences("handlers", maps.Clone(f.told), there)...)
	return &compared, nil
}

func addTo(there map[string]string) func(runtime.Object) error {
	return func(object runtime.Object) error {
		key, version, err := versionOf(object)
		there[key] = version
		return err
	}
}

func differences(of string, have, want map[string]string) []string {
	found := []string{}
	for key, version := range want {
		if have[key] != version && len(found) < oddMax {
			found = append(found, fmt.Sprintf("%s: %s is %q, the server has %q", of, key, have[key], version))
		}
	}
	for key, version := range have {
		if _, ok := want[key]; !ok && len(found) < oddMax {
			found = append(found, fmt.Sprintf("%s: %s is %q, the server has none", of, key, version))
		}
	}
	return found
}
