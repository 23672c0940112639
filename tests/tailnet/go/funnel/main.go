// Command funnel is a control server whose nodes may have certificates and Funnel.
//
//	funnel ADDRESS PORT RELAY_PORT STUN_PORT DOMAIN
//
// It is Tailscale's own server for integration tests with a relay (DERP) beside it, all on one
// address of the lab. Nodes need no key; a restart forgets them.
package main

import (
	"context"
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"

	"tailscale.com/derp/derpserver"
	"tailscale.com/net/stunserver"
	"tailscale.com/tailcfg"
	"tailscale.com/tstest/integration/testcontrol"
	"tailscale.com/types/key"
)

func main() {
	if len(os.Args) != 6 {
		log.Fatal("usage: funnel ADDRESS PORT RELAY_PORT STUN_PORT DOMAIN")
	}
	address, domain := os.Args[1], os.Args[5]
	port, relayPort, stunPort := number(os.Args[2]), number(os.Args[3]), number(os.Args[4])

	startRelay(at(address, relayPort))
	go func() { log.Fatal(stunserver.New(context.Background()).ListenAndServe(at(address, stunPort))) }()

	control := &testcontrol.Server{
		ExplicitBaseURL:         "http://" + at(address, port),
		MagicDNSDomain:          domain,
		DNSConfig:               &tailcfg.DNSConfig{Proxied: true},
		AllOnline:               true,
		DefaultNodeCapabilities: capabilities(),
		DERPMap:                 relays(address, relayPort, stunPort),
	}
	log.Fatal(http.ListenAndServe(at(address, port), guard(control)))
}

// guard lets only those paths through that the server knows: any other would make it panic.
func guard(control http.Handler) http.Handler {
	known := []string{"/key", "/ts2021", "/generate_204", "/c2n/"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, path := range known {
			if r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path) {
				control.ServeHTTP(w, r)
				return
			}
		}
		http.NotFound(w, r)
	})
}

func capabilities() *tailcfg.NodeCapMap {
	return &tailcfg.NodeCapMap{
		tailcfg.CapabilityHTTPS:                                 nil,
		tailcfg.NodeAttrFunnel:                                  nil,
		tailcfg.CapabilityFunnelPorts + "?ports=443,8443,10000": nil,
	}
}

func relays(address string, port, stunPort int) *tailcfg.DERPMap {
	node := &tailcfg.DERPNode{
		Name: "lab", RegionID: 1, HostName: address, IPv4: address, IPv6: "none",
		DERPPort: port, STUNPort: stunPort, STUNTestIP: address, InsecureForTests: true,
	}
	region := &tailcfg.DERPRegion{RegionID: 1, RegionCode: "lab", Nodes: []*tailcfg.DERPNode{node}}
	return &tailcfg.DERPMap{Regions: map[int]*tailcfg.DERPRegion{1: region}}
}

func startRelay(address string) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	handler := derpserver.Handler(derpserver.New(key.NewNode(), func(string, ...any) {}))
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	server.Listener = listener
	// A relay's connection is taken over from HTTP/1; HTTP/2 knows no such thing.
	server.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){}
	server.StartTLS()
}

func at(address string, port int) string {
	return net.JoinHostPort(address, strconv.Itoa(port))
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		log.Fatal(err)
	}
	return value
}
