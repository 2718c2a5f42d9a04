package main

import (
	"context"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// lead takes part in an election over a Lease, and prints each change as a line: leading, lost, or who leads.
func lead(ctx context.Context, args []string) error {
	c := newCommon("lead")
	identity := c.set.String("identity", fmt.Sprint(os.Getpid()), "who this is")
	name := c.set.String("lease", "clients-leader", "name of the Lease")
	duration := c.set.Duration("duration", 3*time.Second, "how long a leader is believed without a word")
	if err := c.set.Parse(args); err != nil {
		return err
	}
	if *c.namespace == "" {
		*c.namespace = "default"
	}
	config, err := c.typedConfig()
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: *name, Namespace: *c.namespace},
			Client:     client.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: *identity},
		},
		ReleaseOnCancel: true,
		LeaseDuration:   *duration,
		RenewDeadline:   *duration * 2 / 3,
		RetryPeriod:     *duration / 6,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { fmt.Println("leading") },
			OnStoppedLeading: func() { fmt.Println("lost") },
			OnNewLeader:      func(leader string) { fmt.Println("leader", leader) },
		},
	})
	return nil
}
