from tests.end_to_end.test_copies_of_homes import *
import time
def test_it(world):
    ana, bob, stack = world
    t0=time.time()
    def p(*a): print(f"{time.time()-t0:6.1f}", *a, flush=True)
    talked(ana, bob)
    twin = Person(bob.home.with_name("twin"), stack)
    shutil.copytree(bob.home, twin.home)
    bob.node()
    assert bob.run("send", "ana", "I am the first", "--timeout", "50").returncode == 0
    p("first sent")
    twin.node()
    for _ in range(3):
        second = twin.run("send", "--id", "one", "ana", "I am the copy", "--timeout", "40")
        p("twin", second.returncode, second.stderr)
        if "out of step" in second.stderr:
            break
    for i in range(4):
        for who,n in ((bob,"ana"),(twin,"ana"),(ana,"bob")):
            j=json.loads(who.run("contacts","show",n,"--json").stdout)
            p(who.home.name, {k:j.get(k) for k in ("standing","verified","renewed_at","session","waiting","here","turn")})
        r=bob.run("send", "--id", "still", "ana", "still the first", "--timeout", "50")
        p("bob", r.returncode, r.stderr)
        if r.returncode==0: break
    for who in (bob,twin,ana):
        s=who.run("status","--json").stdout
        try:
            c=json.loads(s).get("counters",{}); p(who.home.name,{k:v for k,v in c.items() if any(w in k for w in("step","ask","copy","refused","payload","notices"))})
        except Exception as e: p(s[:300])
