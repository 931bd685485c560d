"""The words by which parts of a name are told apart. Given names and places in a name are folded, without diacritics."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Central European given names: there, a family name often stands first, so one of these at the end says so.
GIVEN_NAMES_EAST = _words(
    """
    adam adela adolf adrian adriana agata agnieszka ahmet albert albeta aldona alena ales alexandr alexandra alexej
    alfons alice alina alois alojz alzbeta amalie ambroz amos anastazie andrea andrej andrii andrzej anezka anicka anna
    ante anton antonia antonie antonin apolena arnold arnost arpad artur attila augustin balazs bara barbara barbora
    bartlomiej bartolomej bartosz bartłomiej beata bedrich bela bernard berta betka beáta blahoslav blanka blazej
    blazena bogdan bogumiła bogusław bogusława bohdan bohdana bohumil bohumila bohumir bohunka bohuslav bohuslava
    boleslav borek boris borivoj bozena bozidar boženka branislav bretislav brigita bronislav bronislava bruno cecilie
    cenek cestmir ctibor ctirad cyril czeslaw dagmar dalibor dalimil damian dana daniel daniela danuse danuta darek
    darina dariusz darja dasa david denis denisa diana dita dmitri dmytro dobromila dobroslav dominik dominika dorota
    dragan drahomir drahomira drahoslav drahoslava dusan edita eduard ela elena eliska ema emil emilia emilie erik
    erika ernest erno erzsebet ester eszter eugen eva evelina evzen ewa ferdinand ferenc filip filomena franta
    frantisek frantiska gabor gabriel gabriela gizela goran grzegorz gustav gyorgy hana hanka hedvika helena henryk
    hermina honza hubert hugo hynek ida ignac igor ilona imrich ingrida iren irena irma iryna istvan iva ivan ivana
    ivanka iveta ivica ivka ivo ivona iwona izabela jacek jachym jadwiga jakub jan jana janka janos jarda jarek jarka
    jarmila jaromir jaromira jaroslav jaroslava jaroslaw jarosław jenda jerzy jindra jindrich jindriska jiri jirina
    jirka jitka joanna jolana jolanta jonas josef josefa jozef jozefina jozsef judit judita julia julie julius juraj
    justyna kaja kamil kamila karel karol karolina karoly katalin katarina katarzyna katerina katka kazimierz kazimir
    klara klaudie klement kristian kristina kristof kristyna krystof krystyna krzysztof kuba kveta kvetoslav kvetoslava
    kvetuse kvido lada ladislav ladislava ladka lajos laszlo laura lenka leona leopold leos leszek libena libor
    liboslav libuse lida linda ljubica lubica lubomir lubomira lubor lubos lucia lucie lucyna ludek ludmila ludovit
    ludvik luka lukas lumir lumira maciej magda magdalena magdaléna malgorzata marcel marcela marcin marek margita
    maria marian mariana marianna marie marika mariola mariusz marketa maros marta martin martina matej mateusz matija
    matous matus matyas maxim maximilian maxmilian małgorzata mecislav medard melanie metodej michael michaela michal
    michala michał mikulas mila milada milan milena milica milos miloslav miloslava milota milus mira mirek miriam
    mirka miroslav miroslava miroslaw mirosław misa mladen mojmir monika mykola nada nadezda natalia natalie nataliia
    nela nenad nikol nikola nikolas nikolina nina nora norbert olbram oldrich oldriska oldriška oleg oleksandr oleksii
    olena olga oliver olivie ondra ondrej oskar ota otakar otilie otmar oto ottilie otto patricie patrik patrycja paula
    pavel pavla pavlina pavol pawel paweł pepa pepik peter petr petra piotr pravoslav premysl przemyslaw przemysław
    radana radek radim radka radko radmila radomir radoslav radovan radovana rafal rafał rastislav regina rehor renata
    rene richard robert robin roman romana rostislav rozalie rudolf rut ruzena ryszard sabina samuel sandor sara sarka
    sebastian sergei serhii servac silvestr silvia silvie simon simona slavek slavka slavomir slavomira slawomir
    snezana sofie sona standa stanislav stanislava stanislaw stanisław stefan stefania stefanie stela stepan stepanka
    svatava svatopluk svatoslav svetlana sylva sylvie szymon sławomir tadeas tadeusz tamara tamas tatana tatiana teodor
    tereza terezie terka tetiana tibor tobias tom tomas tomasz tomislav tomo tonda tunde urban ursula vaclav vaclava
    valdemar valentin valentyna valerie vanda vasek vasil vendelin vendula vera verca verona veronika vesna viera
    viktor viktoria viktorie vilem vilemina vilma vincenc viola vit vitezslav vitezslava vladan vladimir vladimira
    vladislav vladislava vlasta vlastimil vlastimila vlastislav vojen vojta vojtech volodymyr vratislav vsevolod
    waldemar wieslaw wiesław witold wladyslaw wlodzimierz wojciech władysław włodzimierz xenie yulia yuriy zaneta
    zbigniew zbynek zbysek zdena zdenek zdenka zdenko zdislava zdzisław zikmund zita zlata zlatuse zofia zofie zoltan
    zora zoran zsolt zsuzsanna zuzana zuzka zygmunt łukasz
    """
)

GIVEN_NAMES_WEST = _words(
    """
    aaron abigail achim adrien agnes aidan aisha akira alain alan alastair alberto alejandra alejandro alessandra
    alessandro alessia alex alexander alexandre alexis alfred alfredo alison alistair allan allen alois alvaro amanda
    amber amelia amelie amit amy ana anders andre andreas andres andrew angela angelo angus anil anita anja anjali anke
    ann anne annegret anneke annette annika antje antoine antonella antonio aoife arjen arjun armin arnaud arne arthur
    ashley astrid august aurelie axel ayse baptiste barry bart bas beat beatrice beatriz ben benedikt benjamin benoit
    bente bernd bernhard beth bettina bill birgit bjork bjorn bob bodo brad bram brenda brian bridget britta brittany
    bruce burkhard callum camila camille carl carla carlo carlos carmen carol carolin caroline carsten catherine cathy
    cecile cedric celine charles charlotte chiara chloe chris christa christian christiane christina christine
    christoph christophe christopher ciara cindy claire clara claudia claudio clemens colin conan connor conor consuelo
    cormac cornelia craig cristina cynthia daisy damien daniele danielle darren dave davide dean deborah declan deepak
    delphine deniz derek detlef diane didier diego dieter dietmar dirk dolores dominic don donald donna doris dorothy
    doug douglas duncan dylan eamon ebba eberhard edgar edith edward edwin egon eileen elaine eleanor elena elif elin
    elisabeth elise elizabeth elke ella ellen elodie elsa emilio emily emma emmanuel emre enrico eric erich ernst
    esteban esther ethan euan eugene evelyn ewan fabian fabienne fabio fatima fatma federico felix fergus fernando
    fiona florence florian frances francesca francesco francis francisco francois francoise frank franz fred frederic
    frederick frederik freya friederike friedrich fritz gaelle gareth gary gemma geoffrey georg george georges gerald
    gerard gerd gerhard gerrit gertrud giacomo gianluca gilles ginevra gino giovanni giulia giuseppe gonzalo gordon
    gosta grace graham greg gregor gregory gudrun guido guillaume gunnar gunter gunther guy hakan hamish hannah hannes
    hans harald harry hartmut haruto hassan heather hector hedwig heidi heike heiko heinke heinrich heinz helen helene
    helga helmut hendrik henri henrik henrike henry herbert hermann hilary hildegard hiroshi holger horst howard hugh
    hunter ian ibrahim ignacio ilse imke ines inga inge ingeborg ingo ingrid irene isaac isabel isabella isabelle jack
    jackie jacob jacques jaime jake james jamie jane janet janice jasmin jason javier jay jean jeanette jeff jeffrey
    jennifer jenny jens jeremy jerome jerry jesper jesse jessica jesus jill jim jo joachim joan joao joaquin jochen joe
    joel joerg johan johann johanna johannes john johnny jon jonas jonathan jorg jorge jose joseph josephine joshua
    joyce juan judith judy juergen jules julian juliane julien juliette june jurgen justin jutta kai karen karin karl
    karla karsten kate katharina katherine kathleen kathrin katie katja katrin kayla keith kelly ken kenji kenneth
    kerstin kevin kim kirsten kjell klaus konrad konstantin kristin kristina kurt kyle lara larissa lars laura lauren
    laurence laurent lea leah lee leif lena lennart leon leonard leonardo leonie leopold leslie liam lilian lilly linda
    lindsay lisa logan lone lorenz lorenzo lothar louis louise luc luca lucas lucia lucy ludger ludwig luigi luis luisa
    lutz lydia lynn maarten madeleine maeve magdalena magnus maike maja malcolm manfred manuel manuela marc marcello
    marco marcus margaret margarete margot mariana marina mario marion marjorie mark marko markus marlene marten mary
    massimo mateo mathias mathieu mathilde matilde matt matteo matthew matthias matthieu mattias maureen maurice
    maurizio max maya megan mehmet meike melissa mercedes mette mia michel michele michelle miguel mike mikkel miles
    mohamed mohammed moritz muhammad mustafa nadia nadine nancy natalie natasha nathalie nathan neha neil niall niamh
    nicholas nick nicola nicolas nicole niels nigel niklas nils nina noah noel norman odile oisin olaf oliver olivia
    olivier omar oscar ottokar owain owen pablo padraig pamela paola paolo pascal patricia patrick paul pauline pedro
    peggy penelope per percy pernille petra phil philip philipp philippe phyllis pierre pieter pietro pilar pooja priya
    rachel rafael ragnar rahul rainer ralf ralph ramon raphael raquel rasmus raul ravi ray raymond rebecca regula
    reinhard reinhold remy reto rhys ricardo riccardo richard rick rita rob roberta roberto rocio rod roderick rodrigo
    roger roisin roland rolf romain ronald ronan rosa rose rosemary ross roswitha roy ruben rudiger rupert russell ruth
    ryan sabine sally salvatore sam samantha sandra sandrine sandy sanjay santiago saoirse sarah sascha saskia scott
    sean sebastien selina sepp serge sergio seth sharon sheila shirley siegfried sigrid silke silvia simone sinead
    siobhan sofia sofie sonia sonja sophia sophie soren stacey stefan stefanie stefano steffen stella stephan stephane
    stephanie stephen steve steven stewart stuart sue sunil suresh susan susanna susanne suzanne sven svenja sylvain
    sylvia sylvie tanja tara ted terence teresa terry thea theo theresa therese thibault thierry thomas thorsten till
    tim timo timothy tina tobias todd tom tommaso tony torben torsten tracy tyler ulf ulrich ulrike urs ursula ute uwe
    valentina valeria valerie vanessa vicky victor victoria vikram vincent vincenzo virginia viviane volker walter
    waltraud wayne wendy werner wilfried wilhelm will willem william winfried wolfgang xavier ximena yann yannick yuki
    yusuf yves yvonne zoe
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
    ra lt col maj capt sgt ak ing ingarch mgrart mgr mga bc bca mudr mvdr mddr judr phdr rndr paeddr pharmdr phmr thdr
    thlic thmgr icdr rsdr artdr doc prof dr drs dipl dipling diplkfm diplkffr diplinf diplphys diplchem diplbetrw mag
    di inz inż arch akad mal soch univprof univ hab lic mr mrs ms miss mx sir dame lord lady rev hon herr frau pan pani
    slecna madame mme mlle monsieur dott dottssa avv ir plk kpt por gen mjr npor pplk et hc msgr dring drmed drrernat
    drphil drjur rernat med phil jur
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
    oddeleni odbor usek utvar referat stredisko podpora servis service support helpdesk hotline recepce reception
    podatelna sekretariat secretariat uctarna fakturace objednavky reklamace expedice dispecink prodejna eshop
    newsletter zpravodaj news tym team department dept division abteilung vertrieb einkauf buchhaltung verkauf
    kundenservice kundendienst dzial biuro sprzedazy sales marketing billing accounts accounting orders office kancelar
    zakaznicky zakaznicka customer care notifications notification no-reply noreply administrator admin redakce
    pokladna sklad personalni oddelenie obchod nakup logistika kontakt contact info personnel hr payroll invoices
    invoicing dispatch shift server weekly daily digest subsystem mailer
    """
)
COMPANY_WORDS = _words(
    """
    group holding bank banka banque university univerzita universitat universitaet vut cvut skola gymnazium urad
    ministerstvo magistrat nemocnice fakulta ustav institut institute kovarna strojirny strojirna slevarna sklarna pila
    pivovar lisovna nastrojarna elektrarna tiskarna stavby stavebni autodilny projekce druzstvo spolek nadace hotel
    restaurace works industries solutions technologies systems services consulting company society association
    foundation ltd gmbh inc llc corporation enterprises partners agency agentura studio media software shop store werke
    gesellschaft verein fabryka zaklady spolka klub club jidelna sdruzeni svaz obec mesto mestsky obecni kraj lekarna
    obrobna spedice factory machining foundry bakery truhlarstvi stavitelstvi autoservis pekarna kvetinarstvi transport
    elektro logistics engineering stavebniny kovovyroba elektroinstalace vodoinstalace autodoprava penzion hospoda
    galerie divadlo muzeum knihovna poliklinika ordinace ambulance pojistovna mlekarna mlyny slevarny zavody cukrovar
    papirny teplarny vodarny sluzby velkoobchod kancelar
    """
)

# Boxes that a group reads.
ROLE_BOXES = _words(
    """
    info infos obchod sales office kancelar podatelna posta mail email fakturace faktury uctarna ucetni invoice
    invoices billing accounts accounting ap ar objednavky objednavka orders order nakup purchasing procurement servis
    service support podpora helpdesk hotline admin administrator administrace it hr jobs kariera career careers
    personalni marketing press media pr reception recepce sekretariat secretary team tym hello ahoj kontakt contact
    contacts firma company dotazy reklamace expedice sklad logistika logistics doprava dispecink dispatch gdpr security
    abuse eshop shop store rezervace booking reservations export import verkauf einkauf buchhaltung rechnung rechnungen
    vertrieb zentrale anfrage biuro kontakty webmaster root prodej vyroba kvalita quality technik servicedesk centrala
    vaha scanner skener tiskarna printer kopirka fax monitoring system web redakce noviny news newsletter events
    welcome postmaster hostmaster reditelstvi poptavky poptavka nabidky customerservice customercare kundenservice
    zakaznik klub club digest backup akce novinky skoleni zakazky dokumentace jidelna night zpravodaj
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
