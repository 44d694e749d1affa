"""Which teacher another one is compared with."""

from types import SimpleNamespace

from distillab.tables.plain import plain_beside


def run(defense, arch="net", seed=0):
    return SimpleNamespace(defense=defense, arch=arch, seed=seed, member=SimpleNamespace(id=f"{defense}-{arch}-{seed}"))


def beside(*teachers):
    brought = {"mine": "mine", "mad_mine": "mine"}
    facts = {"defenses": {each.defense: {"brought": brought.get(each.defense, "")} for each in teachers}}
    results = SimpleNamespace(workspace=SimpleNamespace(plan=SimpleNamespace(facts=facts)))
    return {name: found.member.id for name, found in plain_beside(results, teachers).items()}


def test_a_defended_teacher_stands_beside_the_unprotected_one_of_its_network_and_seed():
    found = beside(run("ce"), run("nt"), run("nt", seed=1), run("nt", arch="other"))
    assert found == {"ce-net-0": "ce-net-0", "nt-net-0": "ce-net-0"}


def test_around_a_network_from_elsewhere_it_stands_beside_that_network():
    found = beside(run("ce"), run("mine"), run("mad_mine"))
    assert found == {"ce-net-0": "ce-net-0", "mine-net-0": "mine-net-0", "mad_mine-net-0": "mine-net-0"}
