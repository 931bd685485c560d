"""The words by which parts of a name are told apart. Given names and places in a name are folded, without diacritics."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Central European given names: there, a family name often stands first, so one of these at the end says so.
GIVEN_NAMES_EAST = _words(
    """
    adam adela adolf amos adriana adrian agata agnieszka albeta albert aldona ales alena alexandr alexandra alfons alice alina
    alois alojz alzbeta ambroz amalie anastazie andrea andrej andrzej anezka anna antonia antonie antonin anton apolena
    arnost artur arnold arpad attila augustin balazs barbora barbara bartlomiej bartosz bartolomej beata bedrich bela
    bernard berta blanka blazej blazena bohdan bohdana bohumil bohumila bohumir bohunka bohuslav bohuslava boleslav boris
    borek borivoj bozena branislav bretislav bronislav bronislava bruno brigita cecilie cenek cestmir ctibor ctirad cyril
    czeslaw dagmar dalibor dalimil damian dana daniel daniela danuse danuta darina darek dariusz darja david denis denisa
    diana dita dobroslav dominik dominika dorota drahomir drahomira drahoslav drahoslava dusan edita eduard elena eliska
    ema emil emilie erik erika ernest erno erzsebet eszter eugen eva evelina evzen ewa ferenc ferdinand filip filomena
    frantisek frantiska gabriel gabriela gabor gizela grzegorz gustav gyorgy hana hanka hedvika helena henryk hermina
    hubert hugo hynek ida ignac igor ilona imrich irena iren irma istvan ivan ivana iveta ivo ivona iwona izabela jacek
    jachym jadwiga jakub jan jana janka janos jarmila jarek jaromir jaroslav jaroslava jaroslaw jenda jerzy jindra
    jindrich jindriska jiri jirina jirka jitka joanna jolana jolanta josef josefa jozef jozefina jozsef judita judit julia
    julie julius juraj justyna kamil kamila karel karol karolina karoly katalin katarina katarzyna katerina kazimir
    kazimierz klara klaudie klement kristian kristina kristof kristyna krystyna krystof krzysztof kveta kvetoslav
    kvetoslava kvetuse kvido lada ladislav ladislava lajos laszlo leos leona leopold leszek libena liboslav libor libuse
    lida lucia lucie lucyna ludek ludmila ludovit ludvik lukas lubica lubomir lubomira lubor lubos lubos lumir maciej magda
    magdalena malgorzata marcel marcela marcin marek margita marian mariana marie maria mariola marika mariusz marketa
    marta martin martina matej mateusz matous matus matyas maxim maximilian mecislav medard melanie metodej michael
    michaela michal michala mikulas milada milan milena milica miloslav miloslava milos milota milus mira mirek miriam
    miroslav miroslava miroslaw mojmir monika nada nadezda natalie natalia nela nikol nikola nikolas norbert nora oldrich
    oldriska olbram olga oleg oliver olivie ondrej oskar ota otakar otilie otmar oto otto ottilie patricie patrik patrycja paula
    pavel pavla pavlina pavol pawel peter petr petra piotr pravoslav premysl przemyslaw radek radim radka radko radmila
    radomir radoslav radovan radovana radana rafal rastislav regina rehor renata rene richard robert robin roman romana
    rostislav rozalie rudolf rut ruzena ryszard rene sabina samuel sandor sara sarka sebastian servac silvestr silvie
    simon simona slavek slavka slavomir slavomira slawomir sona stanislav stanislava stanislaw stefan stefania stefanie
    stela stepan stepanka svatava svatopluk svatoslav svetlana szymon tadeas tadeusz tamara tamas tatana tatiana tereza
    terezie teodor tibor tobias tomas tomasz tomislav tunde urban ursula ursula vaclav vaclava valdemar valentin valentyna
    valerie vanda vasil vendula vendelin vera verona veronika viera vilem vilemina vilma viktor viktorie viktoria vincenc
    viola vit vitezslav vitezslava vladan vladimir vladimira vladislav vladislava vlasta vlastimil vlastimila vlastislav
    vojtech vojen vratislav vsevolod waldemar wieslaw witold wladyslaw wlodzimierz wojciech xenie zaneta zbigniew zbynek
    zbysek zdena zdenek zdenka zdislava zdenko zikmund zita zlata zlatuse zofia zofie zoltan zora zsolt zsuzsanna zuzana
    zygmunt oleksandr oleksii olena serhii volodymyr mykola dmytro andrii iryna nataliia tetiana yulia yuriy dmitri sergei
    ahmet łukasz michał paweł rafał bartłomiej małgorzata stanisław jarosław mirosław przemysław sławomir wiesław
    władysław włodzimierz zdzisław bogdan bogusław bogumiła bogusława bozidar goran zoran dragan nenad mladen vesna
    ljubica snezana tomo matija luka ante ivica
    """
)

GIVEN_NAMES_WEST = _words(
    """
    aaron abigail achim adrien agnes aidan aisha alain alan alastair alberto alessandro alessandra alessia alex alexander
    alexandre alexis alfred alfredo alison allan allen alistair alvaro amanda amber amelia amelie amy ana anders andre
    andreas andres andrew angela angelo anita anja anke ann anne anneke annette annika antje antoine antonella antonio
    arjen armin arnaud arne arthur ashley astrid august axel barry bart bas beatrice beatriz ben benedikt benjamin benoit
    bernd bernhard beth bettina bill birgit bjorn bob bodo brad bram brenda brian bridget britta bruce burkhard callum
    camille carl carla carlo carlos carmen carol caroline carolin carsten catherine cathy cecile charles charlotte chiara
    chloe chris christa christian christiane christina christine christoph christophe christopher ciara cindy claire
    clara claudia claudio clemens colin conor connor cornelia craig cristina cynthia daisy damien daniele danielle darren
    dave davide dean deborah declan delphine derek detlef diane didier diego dieter dietmar dirk dolores dominic don donald
    donna dorothy doris doug douglas duncan dylan eamon eberhard edgar edith edward edwin eileen elaine eleanor elisabeth
    elise elizabeth elke ella ellen elsa emilio emily emma emmanuel enrico eric erich ernst esther ethan eugene evelyn
    fabian fabienne fabio fatima federico felix fernando fiona florence florian frances francesca francesco francis
    francisco francois francoise frank franz fred frederic frederick frederik friedrich fritz gareth gary gemma geoffrey
    george georg georges gerald gerard gerd gerhard gerrit gianluca gilles gino giovanni giulia giuseppe gordon grace
    graham greg gregor gregory guido guillaume gunnar gunter gunther guy hannah hannes hans harald harry hartmut hassan
    heather hector heidi heike heiko heinrich heinz helen helene helga helmut hendrik henri henrik henry herbert hermann
    hilary holger horst howard hugh ian ibrahim ilse imke ines inga inge ingeborg ingo ingrid irene isaac isabel isabella
    isabelle jack jackie jacob jacques jaime jake james jamie jane janet janice jasmin jason javier jay jean jeanette jeff
    jeffrey jens jennifer jenny jeremy jerome jerry jesse jessica jesus jill jim jo joachim joan joao jochen joe joel
    joerg johan johann johanna johannes john johnny jon jonas jonathan jorg jorge jose joseph josephine joshua joyce juan
    juergen jurgen judith judy jules julian juliane julien juliette june justin jutta kai karen karin karl karla karsten
    kate katharina katherine kathleen kathrin katie katja katrin keith kelly ken kenneth kerstin kevin kim kirsten
    kjell klaus konrad konstantin kristin kristina kurt kyle lara larissa lars laura lauren laurent lea leah lee lena leon
    leonard leonardo leonie leslie liam lilian lilly linda lindsay lisa lothar lorenz lorenzo louis louise luc luca
    lucas lucy ludger ludwig luigi luis luisa lutz lydia lynn maarten madeleine maeve magnus maike malcolm manfred manuel
    manuela marc marcello marco marcus margaret margarete margot marina mario marion marjorie mark marko markus marlene
    marten mary massimo mathias mathieu mathilde matt matteo matthew matthias matthieu maureen maurice maurizio max
    maya megan mehmet meike melissa mia michel michele michelle miguel mike mikkel miles mohamed mohammed muhammad moritz
    mustafa nadia nadine nancy natalie natasha nathalie nathan neil niall nicholas nick nicola nicolas nicole niels nigel
    niklas nils nina noah noel norman oisin olaf oliver olivia olivier omar oscar owen pablo pamela paola paolo pascal
    patricia patrick paul pauline pedro peggy penelope per percy petra phil philip philipp philippe phyllis pierre
    pieter pietro pilar rachel rafael rainer ralf ralph ramon raphael raul ray raymond rebecca reinhard reinhold remy reto
    ricardo riccardo richard rick rita rob roberta roberto rod roderick rodrigo roger roland rolf romain ronald ronan
    rosa rose rosemary ross roy ruben rudiger rupert russell ruth ryan sabine sally salvatore sam samantha sandra sandrine
    sandy sarah sascha saskia scott sean sebastien selina serge sergio seth sharon sheila shirley siegfried sigrid silke
    silvia simone siobhan sofia sofie sonia sonja sophia sophie soren stacey stefan stefanie stefano steffen stella stephan
    stephane stephanie stephen steve steven stewart stuart sue susan susanna susanne suzanne sven svenja sylvain sylvia
    sylvie tanja tara ted teresa terence terry thea theo theresa therese thierry thomas thorsten till tim timo timothy
    tina tobias todd tom tommaso tony torben torsten tracy ulf ulrich ulrike ursula urs uwe valentina valerie vanessa
    vicky victor victoria vincent vincenzo virginia viviane volker walter wayne wendy werner wilfried wilhelm will willem
    william winfried wolfgang xavier yann yannick yves yvonne zoe
    """
)
GIVEN_NAMES = GIVEN_NAMES_EAST | GIVEN_NAMES_WEST

# Who bears one of these writes it first, in Vietnam and China.
FAMILY_NAMES_FIRST = _words(
    """
    nguyen tran pham hoang phan vu dang bui ngo duong dinh trinh truong wang zhang chen liu yang huang zhao zhou xu zhu
    """
)

# Of a family name, in any country: they belong to what follows.
PARTICLES = _words(
    """
    van von der den de di da do dos das del della dello degli la las los le du des zu zum zur vom ter ten te af av bin
    ibn al el ben abu st saint mac o' d' z ze y e
    """
)
# The same letters may be a whole word of a name, so these are particles only in lower case and between others.
WEAK_PARTICLES = frozenset({"e", "y", "z", "ze", "do", "te", "al", "el", "ben", "st", "mac", "saint", "da", "le"})

# Academic degrees and courtesies, without dots and hyphens.
TITLES_BEFORE = _words(
    """
    ak ing ingarch mgrart drhc mgr mga bc bca mudr mvdr mddr judr phdr rndr paeddr pharmdr phmr thdr thlic thmgr icdr rsdr artdr doc prof dr drs
    dipl dipling diplkfm diplkffr diplinf diplphys diplchem diplbetrw mag di inz inż arch akad mal soch univprof univ hab
    lic mr mrs ms miss mx sir dame lord lady rev hon herr frau pan pani slecna madame mme mlle monsieur dott dottssa avv
    ir plk kpt por gen mjr npor pplk et hc msgr dring drmed drrernat drphil drjur rernat med phil jur
    """
)
TITLES_AFTER = _words(
    """
    phd csc drsc mba emba llm dis artd thd mpa msc ma ba bsc bba bbs dba mph mim mbus med mres meng beng bs ms mphil jd md
    dds fca acca cfa pmp cpa cissp esq jr sr ii iii iv ml st obe mbe cbe rn frcs ceng miet fmva fces bbe cima aca dipma
    mib mas ingpaed inga igip drhc ret em ifa prince2 csm psm itil
    """
)
# Titles in other spellings than letters and a dot.
SPACED_TITLES = (
    ("ph", "d"),
    ("ll", "m"),
    ("h", "c"),
    ("m", "sc"),
    ("b", "sc"),
    ("ing", "arch"),
    ("mgr", "art"),
    ("dr", "hc"),
    ("dr", "med"),
    ("art", "d"),
    ("th", "d"),
)

DEPARTMENT_WORDS = _words(
    """
    oddeleni odbor usek utvar referat stredisko podpora servis service support helpdesk hotline recepce reception podatelna
    sekretariat secretariat uctarna fakturace objednavky reklamace expedice dispecink prodejna eshop newsletter zpravodaj
    news tym team department dept division abteilung vertrieb einkauf buchhaltung verkauf kundenservice kundendienst dzial
    biuro sprzedazy sales marketing billing accounts accounting orders office kancelar zakaznicky zakaznicka customer care
    notifications notification no-reply noreply administrator admin redakce pokladna sklad personalni oddelenie obchod
    nakup logistika kontakt contact info personnel hr payroll invoices invoicing
    """
)
COMPANY_WORDS = _words(
    """
    group holding bank banka banque university univerzita universitat universitaet vut cvut skola gymnazium urad
    ministerstvo magistrat nemocnice fakulta ustav institut institute kovarna strojirny strojirna slevarna sklarna pila
    pivovar lisovna nastrojarna elektrarna tiskarna stavby stavebni autodilny projekce druzstvo spolek nadace hotel
    restaurace works industries solutions technologies systems services consulting company society association foundation
    ltd gmbh inc llc corporation enterprises partners agency agentura studio media software shop store werke
    gesellschaft verein fabryka zaklady spolka
    """
)

# Boxes that a group reads.
ROLE_BOXES = _words(
    """
    info infos obchod sales office kancelar podatelna posta mail email fakturace faktury uctarna ucetni invoice invoices
    billing accounts accounting ap ar objednavky objednavka orders order nakup purchasing procurement servis service
    support podpora helpdesk hotline admin administrator administrace it hr jobs kariera career careers personalni
    marketing press media pr reception recepce sekretariat secretary team tym hello ahoj kontakt contact contacts firma
    company dotazy reklamace expedice sklad logistika logistics doprava dispecink dispatch gdpr security abuse eshop shop
    store rezervace booking reservations export import verkauf einkauf buchhaltung rechnung rechnungen vertrieb zentrale
    anfrage biuro kontakty sekretariat webmaster root prodej vyroba kvalita quality technik servicedesk centrala vaha
    scanner skener tiskarna printer kopirka fax monitoring system web redakce noviny news newsletter events welcome
    postmaster hostmaster reditelstvi poptavky poptavka nabidky customerservice customercare kundenservice zakaznik
    """
)

# Beginnings of the words by which people say what they do.
POSITION_STEMS = (
    *(
        "reditel",
        "jednatel",
        "konatel",
        "predseda",
        "mistopredsed",
        "vedouc",
        "manazer",
        "manager",
        "referent",
        "ucetni",
    ),
    *(
        "obchodni",
        "nakupci",
        "asistent",
        "sekretar",
        "technolog",
        "technik",
        "konstrukt",
        "projektant",
        "mistr",
        "majitel",
    ),
    *(
        "specialist",
        "specjalist",
        "programator",
        "vyvojar",
        "analytik",
        "advokat",
        "pravnik",
        "lekar",
        "ucitel",
        "spravce",
    ),
    *("zastupce", "disponent", "dispecer", "udrzba", "director", "head of", "chief", "officer", "engineer", "sales"),
    *(
        "purchas",
        "accountant",
        "assistant",
        "president",
        "owner",
        "founder",
        "partner",
        "consultant",
        "developer",
        "buyer",
    ),
    *(
        "leiter",
        "fuhrer",
        "einkauf",
        "vertrieb",
        "sachbearbeit",
        "prokurist",
        "kierownik",
        "prezes",
        "dyrektor",
        "lead",
    ),
    *("executive", "representative", "coordinator", "koordinator", "architekt", "architect", "designer", "konzultant"),
    *(
        "veduci",
        "riaditel",
        "ekonom",
        "personalist",
        "skladnik",
        "ingenieur",
        "geschaft",
        "supervisor",
        "administrator",
    ),
)
