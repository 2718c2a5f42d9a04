// Command gitops keeps a Git folder applied with Argo CD's own sync engine: it looks at the folder
// and at the cluster, syncs what differs, prunes what is gone, and tells the health of everything
// as one JSON line a round.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"syscall"
	"time"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/cache"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/engine"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/sync"
	"github.com/argoproj/argo-cd/gitops-engine/pkg/utils/kube"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"k8s.io/klog/v2/textlogger"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "gitops:", err)
		os.Exit(1)
	}
}

// round is what one round of looking and syncing came to.
type round struct {
	Revision string `json:"revision"`
	// What was written or pruned, in words, by KIND/NAME. Empty when nothing differed.
	Changed map[string]string `json:"changed"`
	// By KIND/NAME of everything that the folder asks for.
	Health  map[string]healthOf `json:"health"`
	Problem string              `json:"problem,omitempty"`
}

type healthOf struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

type settings struct {
	repository string
	path       string
	namespace  string
	serverSide bool
	prune      bool
	resync     time.Duration
}

// mark is put on what is applied, so that it can be told later from what others made.
type mark struct{ owner string }

func run(ctx context.Context) error {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "who to speak to, and as whom")
	s := settings{}
	flag.StringVar(&s.repository, "repo", ".", "a Git working copy")
	flag.StringVar(&s.path, "path", ".", "the folder in it that is kept applied")
	flag.StringVar(&s.namespace, "namespace", "default", "where objects go that name no namespace")
	flag.BoolVar(&s.serverSide, "server-side", false, "apply on the server")
	flag.BoolVar(&s.prune, "prune", true, "delete what is no longer in the folder")
	flag.DurationVar(&s.resync, "resync", 2*time.Second, "how often the folder is looked at; a change in the cluster is seen at once")
	scripts := flag.String("health", "", "a file like Argo CD's ConfigMap argocd-cm, for its resource.customizations.health")
	once := flag.Bool("once", false, "one round, then the end")
	flag.Parse()
	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		return err
	}
	config.QPS, config.Burst = 100, 200
	config.UserAgent = "argocd-application-controller skerry-clients/gitops"
	judge, err := loadHealth(*scripts)
	if err != nil {
		return err
	}
	log := textlogger.NewLogger(textlogger.NewConfig(textlogger.Output(os.Stderr)))
	clusterCache := cache.NewClusterCache(config,
		cache.SetLogr(log),
		cache.SetSettings(cache.Settings{ResourceHealthOverride: judge, ResourcesFilter: everything{}}),
		cache.SetPopulateResourceInfoHandler(func(object *unstructured.Unstructured, _ bool) (any, bool) {
			owner := object.GetAnnotations()[markAnnotation]
			return &mark{owner}, owner != ""
		}),
	)
	// Whatever changes in the cluster makes it look again; a full bell need not be rung twice.
	bell := make(chan struct{}, 1)
	clusterCache.OnResourceUpdated(func(next, before *cache.Resource, _ map[kube.ResourceKey]*cache.Resource) {
		for _, each := range []*cache.Resource{next, before} {
			if each != nil && each.Info.(*mark).owner != "" {
				select {
				case bell <- struct{}{}:
				default:
				}
			}
		}
	})
	gitops := engine.NewEngine(config, clusterCache, engine.WithLogr(log))
	stop, err := gitops.Run()
	if err != nil {
		return err
	}
	defer stop()
	for {
		look := looker{settings: s, engine: gitops, cache: clusterCache, judge: judge}
		text, err := json.Marshal(look.round(ctx, sync.WithLogr(log)))
		if err != nil {
			return err
		}
		fmt.Println(string(text))
		if *once {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-bell:
		case <-time.After(s.resync):
		}
	}
}

type everything struct{}

func (everything) IsExcludedResource(_, _, _ string) bool { return false }

type looker struct {
	settings
	engine engine.GitOpsEngine
	cache  cache.ClusterCache
	judge  health.HealthOverride
}

func (l looker) round(ctx context.Context, options ...sync.SyncOpt) round {
	done := round{Changed: map[string]string{}, Health: map[string]healthOf{}}
	wanted, revision, err := readFolder(ctx, l.settings)
	done.Revision = revision
	for _, each := range wanted {
		isNamespaced, unknown := l.cache.IsNamespaced(each.GroupVersionKind().GroupKind())
		if unknown == nil && isNamespaced && each.GetNamespace() == "" {
			each.SetNamespace(l.namespace)
		}
	}
	if err == nil {
		err = l.sync(ctx, wanted, &done, options)
	}
	if err == nil {
		err = l.tellHealth(wanted, &done)
	}
	if err != nil {
		done.Problem = err.Error()
	}
	return done
}

func (l looker) sync(ctx context.Context, wanted []*unstructured.Unstructured, done *round, options []sync.SyncOpt) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	options = append(options,
		sync.WithPrune(l.prune),
		sync.WithServerSideApply(l.serverSide),
		sync.WithServerSideApplyManager("gitops"),
		sync.WithHealthOverride(l.judge),
		sync.WithManifestValidation(true),
	)
	isManaged := func(r *cache.Resource) bool {
		return r.Info.(*mark).owner == l.ownerOf(r.ResourceKey())
	}
	results, err := l.engine.Sync(ctx, wanted, isManaged, done.Revision, l.namespace, options...)
	sort.Slice(results, func(a, b int) bool { return results[a].Order < results[b].Order })
	for _, each := range results {
		done.Changed[each.ResourceKey.Kind+"/"+each.ResourceKey.Name] = string(each.Status) + ": " + each.Message
	}
	return err
}

func (l looker) tellHealth(wanted []*unstructured.Unstructured, done *round) error {
	isWanted := func(*cache.Resource) bool { return false }
	live, err := l.cache.GetManagedLiveObjs(wanted, isWanted)
	if err != nil {
		return err
	}
	for _, each := range wanted {
		name := each.GetKind() + "/" + each.GetName()
		object := live[kube.GetResourceKey(each)]
		if object == nil {
			done.Health[name] = healthOf{Status: string(health.HealthStatusMissing)}
			continue
		}
		judged, err := health.GetResourceHealth(object, l.judge)
		if err != nil {
			return err
		}
		if judged == nil { // as Argo CD: what nobody judges is healthy once it is there
			judged = &health.HealthStatus{Status: health.HealthStatusHealthy}
		}
		done.Health[name] = healthOf{string(judged.Status), judged.Message}
	}
	return nil
}
