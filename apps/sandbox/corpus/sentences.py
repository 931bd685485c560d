"""The sentences of made-up messages, in Czech and English."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Sentences of one language. `{n}` becomes a number, `{part}` a part of a machine, `{order}` an order."""

    greetings: tuple[str, ...]
    matters: tuple[tuple[str, str], ...]  # subject and first sentence
    details: tuple[str, ...]
    closings: tuple[str, ...]
    parts: tuple[str, ...]
    wrote: str


CZECH = Language(
    greetings=("Dobrý den,", "Dobré ráno,", "Zdravím,", "Vážení,"),
    matters=(
        ("Poptávka: {part}", "prosím o cenu a dodací lhůtu na {part}, celkem {n} ks."),
        ("Objednávka {order}", "v návaznosti na Vaši nabídku objednáváme {part}, {n} ks."),
        ("Reklamace dodávky {order}", "u dodávky {order} jsme zjistili závadu, {part} nemá správný rozměr."),
        ("Termín servisu, zakázka {order}", "potřebovali bychom technika, {part} se po {n} hodinách zahřívá."),
        ("Potvrzení přepravy {order}", "potvrzujeme nakládku, zásilka má {n} palet."),
        ("Faktura {order}", "zasíláme fakturu k zakázce {order}, splatnost je {n} dní."),
        ("Dotaz k návodu: {part}", "v návodu jsme nenašli, jak se seřizuje {part}."),
        ("Výkresy k zakázce {order}", "posíláme upravený výkres, změnila se kóta u položky {n}."),
        ("Zápis z jednání, {order}", "shrnuji, na čem jsme se dohodli, bodů je {n}."),
        ("Náhradní díly: {part}", "potřebujeme na sklad {part}, stačí {n} ks za čtvrtletí."),
    ),
    details=(
        "Stroj běží na dvě směny, odstávka je možná jen o víkendu.",
        "Rozměry jsme přeměřili dvakrát, odchylka je {n} setin.",
        "Cenu prosím uveďte včetně dopravy a balení.",
        "Kolega, který to má na starosti, je tento týden na školení.",
        "Kapacitu máme volnou nejdříve za {n} dní.",
        "Posledně se nám osvědčilo poslat díl přímo na montáž.",
        "Materiál dodáme vlastní, atest přiložíme.",
        "Pokud by to pomohlo, přivezeme starý díl na ukázku.",
        "Na bráně se prosím hlaste u pana vrátného, ví o Vás.",
        "Kdyby něco nebylo jasné, volejte kdykoli do tří hodin.",
    ),
    closings=("S pozdravem", "Děkuji a přeji hezký den", "S přáním klidného týdne", "Děkujeme"),
    parts=("kuličkový šroub osy Z", "těsnění vřeteníku", "hydraulický agregát", "čelisti sklíčidla", "stěrka vedení"),
    wrote="Dne {date} napsal(a) {author}:",
)
ENGLISH = Language(
    greetings=("Hello,", "Dear Sir or Madam,", "Good morning,", "Hi all,"),
    matters=(
        ("RFQ: {part}", "please quote {n} pcs of {part} with the earliest delivery date."),
        ("Purchase order {order}", "please find our order {order} for {n} pcs of {part}."),
        ("Delivery {order} incomplete", "the delivery arrived today, but {part} is missing."),
        ("Service visit for {order}", "{part} makes a noise after {n} hours, could you send somebody?"),
        ("Shipping documents {order}", "the shipment of {n} boxes leaves our dock tomorrow."),
        ("Invoice {order} overdue", "our records show that invoice {order} is {n} days overdue."),
        ("Drawing revision, {order}", "the drawing of {part} changed, see item {n} of the list."),
        ("Minutes of our call, {order}", "here is what we agreed on, {n} points in all."),
    ),
    details=(
        "The machine runs two shifts, so we can stop it at weekends only.",
        "We measured it twice and it is off by {n} microns.",
        "Please include packing and freight in the price.",
        "My colleague in charge is at a training this week.",
        "Our next free slot is in {n} days.",
        "Last time it worked well to ship directly to the assembly shop.",
        "If it helps, we can bring the old part as a sample.",
        "Customs will ask for the tariff number, so please add it.",
    ),
    closings=("Kind regards", "Best regards", "Many thanks", "Thanks and have a good week"),
    parts=("the Z-axis ball screw", "the spindle seal", "the hydraulic unit", "the chuck jaws", "the way wiper"),
    wrote="On {date} {author} wrote:",
)
