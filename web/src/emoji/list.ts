// Emoji by group: the sign, its name and words to find it by, in English and in German. Names and words are those of
// emojibase-data 17.0.0 (MIT, see LICENSE beside this file).

export const emojiText = `
#faces
😀|grinning face|cheerful cheery happy|grinsendes Gesicht|froh fröhlich haha
😃|grinning face with big eyes|awesome happy mouth|grinsendes Gesicht mit großen Augen|fröhlich glücklich lachen
😄|grinning face with smiling eyes|happy laugh lol|grinsendes Gesicht mit lachenden Augen|fröhlich geschlossen glücklich
😁|beaming face with smiling eyes|grin grinning happy|strahlendes Gesicht mit lachenden Augen|fröhlich grinsen happy
😆|grinning squinting face|closed eyes haha|Grinsegesicht mit zugekniffenen Augen|geschlossen grinsen haha
😅|grinning face with sweat|cold dejected excited|grinsendes Gesicht mit Schweißtropfen|lachen lustig lächeln
🤣|rolling on the floor laughing|crying face funny|sich vor Lachen auf dem Boden wälzen|gesicht haha hehe
😂|face with tears of joy|crying feels funny|Gesicht mit Freudentränen|fröhlich haha happy
🙂|slightly smiling face|happy smile|leicht lächelndes Gesicht|smiley
🙃|upside-down face|hehe smile|umgekehrtes Gesicht|lächeln smiley stehen
😉|winking face|flirt heartbreaker sexy|zwinkerndes Gesicht|auge flirten sexy
😊|smiling face with smiling eyes|blush glad satisfied|lächelndes Gesicht mit lachenden Augen|erröten freude freundlich
😇|smiling face with halo|angel angelic angels|lächelndes Gesicht mit Heiligenschein|brav engel glücklich
🥰|smiling face with hearts|3 adore crush|lächelndes Gesicht mit Herzen|3 anhimmeln bewundern
😍|smiling face with heart-eyes|143 bae feels|lächelndes Gesicht mit herzförmigen Augen|glücklich herzen liebe
🤩|star-struck|excited eyes face|überwältigt|aufgeregt augen gesicht
😘|face blowing a kiss|adorbs bae flirt|Kuss zuwerfendes Gesicht|flirten küsschen küssen
😗|kissing face|143 date dating|küssendes Gesicht|flirten hdl knutsch
😚|kissing face with closed eyes|143 bae blush|küssendes Gesicht mit geschlossenen Augen|knutsch kuss küsschen
😋|face savoring food|delicious eat full|sich die Lippen leckendes Gesicht|lecker leckeres essen lächeln
😛|face with tongue|awesome cool nice|Gesicht mit herausgestreckter Zunge|bäh lachen lustig
😜|winking face with tongue|crazy epic eye|zwinkerndes Gesicht mit herausgestreckter Zunge|auge herausstrecken smiley
🤪|zany face|crazy eye eyes|irres Gesicht|auge augen groß
😝|squinting face with tongue|closed eye eyes|Gesicht mit herausgestreckter Zunge und zusammengekniffenen Augen|bäh ekel herausstrecken
🤑|money-mouth face|paid|Gesicht mit Dollarzeichen|geld mund smiley
🤗|smiling face with open hands|hug hugging|Gesicht mit umarmenden Händen|drücken smiley umarmung
🤭|face with hand over mouth|giggle giggling oops|verlegen kicherndes Gesicht|haha hand hihi
🤫|shushing face|quiet shh|ermahnendes Gesicht|finger leise psst
🤔|thinking face|chin consider hmm|nachdenkendes Gesicht|fragen grübeln hm
🤐|zipper-mouth face|keep quiet secret|Gesicht mit Reißverschlussmund|geheimnis halten schweigen
🤨|face with raised eyebrow|disapproval disbelief distrust|Gesicht mit hochgezogenen Augenbrauen|argwöhnisch misstrauen skeptisch
😐|neutral face|awkward blank deadpan|neutrales Gesicht|ausdruckslos kommentarlos smiley
😑|expressionless face|awkward dead fine|ausdrucksloses Gesicht|kommentarlos selbstgefällig smiley
😶|face without mouth|awkward blank expressionless|Gesicht ohne Mund|kein smiley sprachlos
😏|smirking face|boss dapper flirt|süffisant lächelndes Gesicht|feixen flirten mundwinkel
😒|unamused face|... bored fine|verstimmtes Gesicht|langweilig smiley traurig
🙄|face with rolling eyes|eyeroll shade ugh|Augen verdrehendes Gesicht|genervt meinetwegen nerv
😬|grimacing face|awk awkward dentist|Grimassen schneidendes Gesicht|peinlich smiley verziehen
🤥|lying face|liar lie pinocchio|lügendes Gesicht|nase pinocchio schwindel
😌|relieved face|calm peace relief|erleichtertes Gesicht|augen entspannt geschlossen
😔|pensive face|awful bored dejected|nachdenkliches Gesicht|enttäuscht schrecklich smiley
😪|sleepy face|crying good night|schläfriges Gesicht|gute müde nacht
🤤|drooling face||sabberndes Gesicht|smiley
😴|sleeping face|bed bedtime good|schlafendes Gesicht|dösen einschlafen gute nacht
😷|face with medical mask|cold dentist dermatologist|Gesicht mit Atemschutzmaske|arzt bazillen erkältet
🤒|face with thermometer|ill sick|Gesicht mit Fieberthermometer|krank messen smiley
🤕|face with head-bandage|hurt injury ouch|Gesicht mit Kopfverband|aua autsch schmerzen
🤢|nauseated face|gross nasty sick|würgendes Gesicht|ekel eklig erbrechen
🤮|face vomiting|barf ew gross|kotzendes Gesicht|brechen erbrechen krank
🤧|sneezing face|fever flu gesundheit|niesendes Gesicht|erkältet erkältung gesundheit
🥵|hot face|dying feverish heat|schwitzendes Gesicht|erhitzt fieber fiebrig
🥶|cold face|blue blue-faced freezing|frierendes Gesicht|bibbern blau eisig
🥴|woozy face|dizzy drunk eyes|schwindeliges Gesicht|angeheitert angeschwipst angetrunken
😵|face with crossed-out eyes|dead dizzy feels|benommenes Gesicht|augen ko krank
🤯|exploding head|blown explode mind|explodierender Kopf|entsetzt geschockt gesicht
🤠|cowboy hat face|cowgirl|Gesicht mit Cowboyhut|cowgirl smiley
🥳|partying face|bday birthday celebrate|Partygesicht|aufgeregt feier fest
😎|smiling face with sunglasses|awesome beach bright|lächelndes Gesicht mit Sonnenbrille|cool smiley
🤓|nerd face|brainy clever expert|Strebergesicht|brille intelligent klug
🧐|face with monocle|classy fancy rich|Gesicht mit Monokel|elegant reich smiley
😕|confused face|befuddled confusing dunno|verwundertes Gesicht|keine ahnung smiley traurig
😟|worried face|anxious butterflies nerves|besorgtes Gesicht|smiley sorgen traurig
🙁|slightly frowning face|sad|betrübtes Gesicht|schade smiley traurig
☹️|frowning face|sad|düsteres Gesicht|deprimiert smiley stirnrunzelnd
😮|face with open mouth|believe forgot omg|Gesicht mit offenem Mund|erstaunt omg schockiert
😯|hushed face|epic omg stunned|verdutztes Gesicht|erstaunt omg smiley
😲|astonished face|cost no omg|erstauntes Gesicht|nee omg schockiert
😳|flushed face|amazed awkward crazy|errötetes Gesicht mit großen Augen|erröten peinlich rot
🥺|pleading face|begging big eyes|bettelndes Gesicht|anflehen augen bitte
😦|frowning face with open mouth|caught guard scared|entsetztes Gesicht|mund offen schockiert
😧|anguished face|forgot scared scary|qualvolles Gesicht|arm leidend smiley
😨|fearful face|afraid anxious blame|ängstliches Gesicht|angst besorgt
😰|anxious face with sweat|blue cold eek|besorgtes Gesicht mit Schweißtropfen|angst angstschweiß mund
😥|sad but relieved face|anxious call close|trauriges aber erleichtertes Gesicht|enttäuscht knapp schweiß
😢|crying face|awful feels miss|weinendes Gesicht|smiley traurig träne
😭|loudly crying face|bawling sad sob|heulendes Gesicht|flennen schluchzen smiley
😱|face screaming in fear|epic fearful munch|vor Angst schreiendes Gesicht|munch omg panik
😖|confounded face|annoyed confused cringe|verwirrtes Gesicht|bestürzt frustriert konfus
😣|persevering face|concentrate concentration focus|entschlossenes Gesicht|ausdauernd durchhalten fokus
😞|disappointed face|awful blame dejected|enttäuschtes Gesicht|leider schade smiley
😓|downcast face with sweat|close cold feels|bedrücktes Gesicht mit Schweiß|angstschweiß augen geschlossen
😩|weary face|crying fail feels|erschöpftes Gesicht|fehlschlag hungrig müde
😫|tired face|cost feels nap|müdes Gesicht|niesen smiley traurig
🥱|yawning face|bedtime bored goodnight|gähnendes Gesicht|gelangweilt langweilig müde
😤|face with steam from nose|anger angry feels|schnaubendes Gesicht|erleichtert gewonnen
😡|enraged face|anger angry feels|schmollendes Gesicht|rot wütend
😠|angry face|anger blame feels|verärgertes Gesicht|böse smiley wut
🤬|face with symbols on mouth|censor cursing cussing|Gesicht mit Symbolen über dem Mund|fluchen schimpfen schimpfwort
😈|smiling face with horns|demon devil evil|grinsendes Gesicht mit Hörnern|böse dämon dämonin
👿|angry face with horns|demon devil evil|wütendes Gesicht mit Hörnern|böse dämon dämonin
💀|skull|body dead death|Totenkopf|gesicht knochen märchen
💩|pile of poo|bs comic doo|Kothaufen|mist
🤡|clown face||Clown-Gesicht|
👻|ghost|boo creature excited|Gespenst|buh fantasy geist
👽|alien|creature extraterrestrial face|Außerirdischer|alien all fantasy
🤖|robot|face monster|Roboter|gesicht monster robotergesicht
😺|grinning cat|animal face mouth|grinsende Katze|gesicht katzengesicht lachen
😸|grinning cat with smiling eyes|animal face smile|grinsende Katze mit lachenden Augen|gesicht katzengesicht smiley
😹|cat with tears of joy|animal face laugh|Katze mit Freudentränen|gesicht katzengesicht lachen
😻|smiling cat with heart-eyes|animal face love|lachende Katze mit Herzen als Augen|gesicht herzaugen katzengesicht
🙈|see-no-evil monkey|embarrassed face forbidden|sich die Augen zuhaltendes Affengesicht|böse geheimnis gemein
🙉|hear-no-evil monkey|animal ears face|sich die Ohren zuhaltendes Affengesicht|böse geheimnis gemein
🙊|speak-no-evil monkey|animal face forbidden|sich den Mund zuhaltendes Affengesicht|böse geheimnis gemein
#hearts
❤️|red heart|emotion love|rotes Herz|
🧡|orange heart|143|oranges Herz|liebe
💛|yellow heart|143 cardiac emotion|gelbes Herz|gefühl herzlich liebe
💚|green heart|143 emotion ily|grünes Herz|gefühl liebe romantisch
💙|blue heart|143 emotion ily|blaues Herz|gefühl liebe romantisch
💜|purple heart|143 bestest emotion|lila Herz|beste gefühl hdl
🤎|brown heart|143|braunes Herz|
🖤|black heart|evil wicked|schwarzes Herz|böse
🤍|white heart|143|weißes Herz|
💔|broken heart|break crushed emotion|gebrochenes Herz|allein gefühl herzschmerz
💕|two hearts|143 anniversary date|zwei Herzen|date gefühl hochzeitstag
💞|revolving hearts|143 adorbs anniversary|kreisende Herzen|emotion gefühl hochzeitstag
💓|beating heart|143 cardio emotion|schlagendes Herz|gefühl herzschlag liebe
💗|growing heart|143 emotion excited|wachsendes Herz|aufregung gefühl herzschlag
💖|sparkling heart|143 emotion excited|funkelndes Herz|aufregung gefühl glitzern
💘|heart with arrow|143 adorbs cupid|Herz mit Pfeil|liebe
💝|heart with ribbon|143 anniversary emotion|Herz mit Schleife|hochzeitstag jahrestag küsschen
💌|love letter|heart mail romance|Liebesbrief|herz post siegel
💋|kiss mark|dating emotion heart|Kussabdruck|gefühl knutsch küssen
💯|hundred points|100 a+ agree|100 Punkte|punktestand volle punktzahl
💥|collision|bomb boom collide|Zusammenstoß|bombe boom comic
💫|dizzy|comic shining shooting|schwindlig|benommen benommenheit comic
💦|sweat droplets|comic drip drops|Schweißtropfen|comic feucht nass
💨|dashing away|cloud comic fart|Staubwolke|comic rennen weglaufen
💬|speech balloon|bubble comic dialog|Sprechblase mit drei Punkten|comic dialog gespräch
💭|thought balloon|bubble cartoon cloud|Gedankenblase|comic nachdenken
💤|ZZZ|comic good goodnight|Schlafen|buchstaben comic gähn
#people
👋|waving hand|bye cya g2g|winkende Hand|auf wiedersehen bis später ciao
🖐️|hand with fingers splayed|raised stop|Hand mit gespreizten Fingern|5 fünf
✋|raised hand|5 five high|erhobene Hand|5 halt handfläche
👌|OK hand|awesome bet dope|OK-Zeichen|exzellent finger genial
🤏|pinching hand|amount bit fingers|Wenig-Geste|betrag finger gering
✌️|victory hand|peace|Victory-Geste|sieg
🤞|crossed fingers|hand luck|Hand mit gekreuzten Fingern|
🤟|love-you gesture|fingers hand ily|Ich-liebe-dich-Geste|drei finger hand
🤘|sign of the horns|finger hand rock-on|Teufelsgruß|corna finger hand
🤙|call me hand|hang loose shaka|Ruf-mich-an-Handzeichen|anruf anrufen shaka
👈|backhand index pointing left|finger|nach links weisender Zeigefinger|handrückseite zeigen
👉|backhand index pointing right|finger|nach rechts weisender Zeigefinger|handrückseite zeigen
👆|backhand index pointing up|finger|nach oben weisender Zeigefinger von hinten|aufwärts handrücken handrückseite
👇|backhand index pointing down|finger|nach unten weisender Zeigefinger|abwärts handrücken handrückseite
☝️|index pointing up|finger hand this|nach oben weisender Zeigefinger von vorne|hand handvorderseite hier
👍|thumbs up|+1 good hand|Daumen hoch|einverstanden finger gut
👎|thumbs down|-1 bad dislike|Daumen runter|hand nach unten schlecht
✊|raised fist|clenched hand punch|erhobene Faust|hand kampf solidarität
👊|oncoming fist|absolutely agree boom|geballte Faust|absolut bro hand
🤛|left-facing fist|leftwards|Faust nach links|hand
🤜|right-facing fist|rightwards|Faust nach rechts|hand
👏|clapping hands|applause approval awesome|klatschende Hände|applaudieren applaus beifall
🙌|raising hands|celebration gesture hooray|zwei erhobene Handflächen|feiern geste hurra
👐|open hands|hug jazz swerve|offene Hände|jazz umarmen umarmung
🤲|palms up together|cupped dua hands|Handflächen nach oben|beten gebet hände
🤝|handshake|agreement deal meeting|Handschlag|hände händeschütteln vereinbarung
🙏|folded hands|appreciate ask beg|zusammengelegte Handflächen|beten betend bitten
✍️|writing hand|write|schreibende Hand|stift
💅|nail polish|bored care cosmetics|Nagellack|kosmetik maniküre nagelpflege
🤳|selfie|camera phone|Selfie|smartphone
💪|flexed biceps|arm beast bench|angespannter Bizeps|arm bodybuilder bro
👂|ear|body ears hear|Ohr|hören körperteil
👃|nose|body noses nosey|Nase|körperteil riechen
🧠|brain|intelligent smart|Gehirn|intelligent intelligenz klug
👀|eyes|body face googly|Augen|gesicht gucken schauen
👁️|eye|1 body one|Auge|blick körper körperteil
👅|tongue|body lick slurp|Zunge|hmm körperteil lecken
👄|mouth|beauty body kiss|Mund|kuss körperteil lippen
👶|baby|babies children goo|Baby|gesicht jung kind
🧒|child|bright-eyed grandchild kid|Kind|enkelkind jung jünger
👦|boy|bright-eyed child grandson|Junge|enkelsohn gesicht jünger
👧|girl|bright-eyed child daughter|Mädchen|enkeltochter gesicht jung
🧑|person|adult|Person|erwachsen erwachsene person mensch
🙅|person gesturing NO|forbidden gesture hand|Person mit überkreuzten Armen|gesicht nein nicht
🙆|person gesturing OK|exercise gesture hand|Person mit Händen auf dem Kopf|geste oje ok
💁|person tipping hand|fetch flick flip|Infoschalter-Mitarbeiter(in)|abgekippt beleidigen gerüchte
🙋|person raising hand|gesture here know|Person mit erhobenem Arm|aufzeigen drankommen drannehmen
🤦|person facepalming|again bewilder disbelief|sich an den Kopf fassende Person|frustriert genervt gesicht
🤷|person shrugging|doubt dunno guess|schulterzuckende Person|egal gleichgültig keine ahnung
👮|police officer|apprehend arrest citation|Polizist(in)|beruf festnehmen gesetzeshüter
👷|construction worker|build fix hardhat|Bauarbeiter(in)|bauarbeiterin beruf gesicht
🧑‍🍳|cook|chef|Koch/Köchin|kochen
🧑‍💻|technologist|coder computer developer|IT-Experte/IT-Expertin|bildschirm computer entwickler(in)
🧑‍🏫|teacher|instructor lecturer professor|Lehrer(in)|dozent(in) professor(in)
🧑‍⚕️|health worker|doctor healthcare nurse|Arzt/Ärztin|arztkittel doktor(in)
🎅|Santa Claus|celebration christmas fairy|Weihnachtsmann|weihnachten
🦸|superhero|good superpower|Superheld(in)|person superheldin superkraft
🧙|mage|fantasy magic play|Magier(in)|hexe hexenmeister magiker
🧚|fairy|fairytale fantasy myth|Märchenfee|elf elfe fantasy
🧛|vampire|blood dracula fangs|Vampir|blutsauger dracula halloween
🧟|zombie|apocalypse dead halloween|Zombie|apokalypse halloween horror
🚶|person walking|amble gait hike|Fußgänger(in)|fußgängerin gehen gehend
🏃|person running|fast hurry marathon|laufende Person|eilig joggen läufer
💃|woman dancing|dance dancer elegant|tanzende Frau|elegant festlich flair
🕺|man dancing|dance dancer elegant|tanzender Mann|elegant festlich flair
🧘|person in lotus position|cross legged legs|Person im Lotossitz|burmesischer sitz frau lotussitz
👭|women holding hands|bae bestie bff|Händchen haltende Frauen|paar
👫|woman and man holding hands|bae bestie bff|Mann und Frau halten Hände|händchen halten paar
👬|men holding hands|bae bestie bff|Händchen haltende Männer|paar zwillinge
💏|kiss|anniversary babe bae|sich küssendes Paar|frau herz kuss
👪|family|child|Familie|junge kind mutter
👣|footprints|barefoot clothing omw|Fußabdrücke|abdruck fußabdruck
#nature
🐶|dog face|adorbs animal pet|Hundegesicht|tier treu wau
🐱|cat face|animal kitten kitty|Katzengesicht|miau miez miezekatze
🐭|mouse face|animal|Mäusegesicht|maus mausgesicht nagetier
🐹|hamster|animal face pet|Hamster|gesicht hamstergesicht tier
🐰|rabbit face|animal bunny pet|Hasengesicht|kaninchen karnickel langohr
🦊|fox|animal face|Fuchs|fuchsgesicht gesicht tier
🐻|bear|animal face grizzly|Bär|bärengesicht gesicht tier
🐼|panda|animal bamboo face|Panda|gesicht pandabär pandagesicht
🐨|koala|animal australia bear|Koala|koalabär koalagesicht tier
🐯|tiger face|animal big cat|Tigergesicht|raubkatze tier
🦁|lion|alpha animal face|Löwe|gesicht löwengesicht sternzeichen
🐮|cow face|animal farm milk|Kuhgesicht|tier
🐷|pig face|animal bacon farm|Schweinegesicht|tier
🐸|frog|animal face|Frosch|froschgesicht gesicht grün
🐵|monkey face|animal banana|Affengesicht|banane dschungel tier
🐔|chicken|animal bird ornithology|Huhn|geflügel henne tier
🐧|penguin|animal antarctica bird|Pinguin|pinguinkopf tier vogel
🐦|bird|animal ornithology|Vogel|papagei taube tier
🐤|baby chick|animal bird ornithology|Küken|kükenkopf tier
🦆|duck|animal bird ornithology|Ente|tier vogel
🦉|owl|animal bird ornithology|Eule|raubvogel tier uhu
🐺|wolf|animal face|Wolf|gesicht tier wolfsgesicht
🐴|horse face|animal dressage equine|Pferdegesicht|pferdekopf tier
🦄|unicorn|face|Einhorn|einhorngesicht gesicht
🐝|honeybee|animal bumblebee insect|Biene|honig honigbiene hummel
🐛|bug|animal garden insect|Raupe|gefräßig insekt tier
🦋|butterfly|insect pretty|Schmetterling|insekt schön
🐌|snail|animal escargot garden|Schnecke|langsam tier
🐞|lady beetle|animal garden insect|Marienkäfer|glückskäfer insekt krabbel
🐜|ant|animal garden insect|Ameise|insekt tier
🕷️|spider|animal insect|Spinne|insekt tier
🐢|turtle|animal terrapin tortoise|Schildkröte|tier
🐍|snake|animal bearer ophiuchus|Schlange|schlangenträger sternzeichen tier
🦎|lizard|animal reptile|Eidechse|reptil
🐙|octopus|animal creature ocean|Oktopus|krake meer tier
🦐|shrimp|food shellfish small|Garnele|gourmet krustentier meeresfrucht
🦀|crab|cancer zodiac|Krebs|krabbe meer sternzeichen
🐠|tropical fish|animal fishes|Tropenfisch|tier
🐟|fish|animal dinner fishes|Fisch|aquarium fische meehr
🐬|dolphin|animal beach flipper|Delfin|meer ozean strand
🐳|spouting whale|animal beach face|blasender Wal|meer ozean tier
🦈|shark|animal fish|Hai|fisch haifisch meer
🐊|crocodile|animal zoo|Krokodil|reptil schnappi tier
🐘|elephant|animal|Elefant|tier
🦒|giraffe|animal spots|Giraffe|flecken tier
🐄|cow|animal animals farm|Kuh|bauernhof muh tier
🐑|ewe|animal baa farm|Schaf|bock mäh tier
🦌|deer|animal|Hirsch|gesicht tier
🐕|dog|animal animals dogs|Hund|haustier tier wau
🐈|cat|animal animals cats|Katze|haustier miau tier
🐇|rabbit|animal bunny pet|Hase|kaninchen karnickel mümmelmann
🐿️|chipmunk|animal squirrel|Streifenhörnchen|tier
🐾|paw prints|feet paws|Tatzenabdrücke|abdruck tier
💐|bouquet|anniversary birthday date|Blumenstrauß|bouquet
🌸|cherry blossom|flower plant spring|Kirschblüte|blume kirsche pflanze
🌹|rose|beauty elegant flower|Rose|blume blüte pflanze
🌻|sunflower|outdoors plant|Sonnenblume|blüte pflanze
🌼|blossom|buttercup dandelion flower|gelbe Blüte|blume pflanze
🌷|tulip|blossom flower growth|Tulpe|blume blüte pflanze
🌱|seedling|plant sapling sprout|Spross|junge pflanze
🌲|evergreen tree|christmas forest pine|Nadelbaum|pflanze tannenbaum
🌳|deciduous tree|forest green habitat|Laubbaum|blätter grün pflanze
🌴|palm tree|beach plant tropical|Palme|baum kokusnuss oase
🌵|cactus|desert drought nature|Kaktus|dürre natur pflanze
🌾|sheaf of rice|ear grain grains|Reisähre|pflanze reispflanze
🍀|four leaf clover|4 four-leaf irish|Glücksklee|blatt kleeblatt pflanze
🍁|maple leaf|falling|Ahornblatt|herbst laub pflanze
🍂|fallen leaf|autumn falling|Laub|blatt blätter fallendes laub
🍄|mushroom|fungus toadstool|Fliegenpilz|giftig
🌍|globe showing Europe-Africa|earth world|Globus mit Europa und Afrika|erde weltkugel
🌙|crescent moon|ramadan space|Mondsichel|nacht
⭐|star|astronomy medium stars|weißer mittelgroßer Stern|astronomie gelber stern himmel
🌟|glowing star|glittery night shining|funkelnder Stern|glitzern
✨|sparkles|* magic star|funkelnde Sterne|*
⚡|high voltage|danger electric electricity|Hochspannung|blitz elektrizität gefahr
☀️|sun|bright rays space|Sonne|sonnenstrahlen sonnig strahlen
🌤️|sun behind small cloud|weather|Sonne hinter kleiner Wolke|bewölkt wetter
⛅|sun behind cloud|cloudy weather|Sonne hinter Wolke|wolkig
☁️|cloud|weather|Wolke|wetter wolkig
🌧️|cloud with rain|weather|Wolke mit Regen|regenwolke wetter
⛈️|cloud with lightning and rain|thunder thunderstorm|Wolke mit Blitz und Regen|gewitter wetter wolkig
❄️|snowflake|cold weather|Schneeflocke|kalt schneien wetter
☃️|snowman|cold|Schneemann im Schnee|
🌈|rainbow|gay genderqueer glbt|Regenbogen|wetter
🔥|fire|af burn flame|Feuer|brennen flamme heiß
💧|droplet|cold comic nature|Tropfen|schweiß träne wasser
🌊|water wave|nature ocean surf|Welle|meer
☔|umbrella with rain drops|clothing weather|Regenschirm im Regen|
#food
🍏|green apple|fruit|grüner Apfel|frucht gesund obst
🍎|red apple|diet food fruit|roter Apfel|frucht obst
🍐|pear|fruit|Birne|frucht obst
🍊|tangerine|c citrus fruit|Mandarine|apfelsine frucht obst
🍋|lemon|citrus fruit sour|Zitrone|frucht obst sauer
🍌|banana|fruit potassium|Banane|frucht obst schale
🍉|watermelon|fruit|Wassermelone|frucht obst
🍇|grapes|dionysus fruit|Trauben|frucht obst wein
🍓|strawberry|fruit|Erdbeere|essen frucht obst
🍒|cherries|berries cherry fruit|Kirschen|frucht obst
🍑|peach|fruit|Pfirsich|frucht obst
🥭|mango|food fruit tropical|Mango|essen frucht früchte
🍍|pineapple|colada fruit pina|Ananas|frucht obst
🥥|coconut|colada palm piña|Kokosnuss|colada essen frucht
🥝|kiwi fruit|food|Kiwi|frucht obst
🍅|tomato|food fruit vegetable|Tomate|essen gemüse obst
🥑|avocado|food fruit|Avocado|essen frucht
🥦|broccoli|cabbage wild|Brokkoli|broccoli essen gemüse
🥒|cucumber|food pickle vegetable|Gurke|essen gemüse scheiben
🌶️|hot pepper||Peperoni|chili paprika pfeffer
🌽|ear of corn|crops farm maize|Maiskolben|gemüse
🥕|carrot|food vegetable|Karotte|gemüse mohrrübe möhre
🥔|potato|food vegetable|Kartoffel|essen gemüse
🍞|bread|carbs food grain|Brot|brotlaib essen kohlenhydrate
🥐|croissant|bread breakfast crescent|Croissant|corissant französisch frühstück
🥖|baguette bread|food french|Baguette|brot französisch frühstück
🥨|pretzel|convoluted twisted|Brezel|brezen brezn essen
🧀|cheese wedge||Käsestück|
🥚|egg|breakfast food|Ei|frühstück frühstücksei
🍳|cooking|breakfast easy egg|Spiegelei in Bratpfanne|braten kochen
🥞|pancakes|breakfast crêpe food|Pfannkuchen|crepe eierpfannkuchen essen
🥓|bacon|breakfast food meat|Bacon|essen frühstücksspeck speck
🍔|hamburger|eat fast food|Hamburger|fast food restaurant
🍟|french fries|fast food|Pommes frites|fritten
🍕|pizza|cheese food hungry|Pizza|pizzastück pizzeria
🌭|hot dog|frankfurter hotdog sausage|Hotdog|essen frankfurter wurst
🥪|sandwich|bread|Sandwich|brot essen
🌮|taco|mexican|Taco|essen mexikanisch
🥗|green salad|food|Salat|blattgemüse essen gesund
🍝|spaghetti|food meatballs pasta|Spaghetti|essse pasta restaurant
🍜|steaming bowl|chopsticks food noodle|Schüssel und Essstäbchen|chinesisches essen dampfend eiernudeln
🍲|pot of food|soup stew|Topf mit Essen|eintopf gericht schüssel
🍣|sushi|food|Sushi|japanisches gericht restaurant
🍱|bento box|food|Bento-Box|japanisches essen sushi
🍚|cooked rice|food|Reis in Schüssel|essen
🍦|soft ice cream|dessert food icecream|Softeis|
🍩|doughnut|breakfast dessert donut|Donut|doughnut essen kuchen
🍪|cookie|chip chocolate dessert|Keks|cookie plätchen
🎂|birthday cake|bday celebration dessert|Geburtstagskuchen|essen feier geburtstagstorte
🍰|shortcake|dessert pastry slice|Torte|kuchen kuchenstück stück torte
🧁|cupcake|bakery dessert sprinkles|Cupcake|bäckerei dessert essen
🍫|chocolate bar|candy dessert halloween|Schokoladentafel|essen süßigkeit
🍬|candy|cavities dessert halloween|Bonbon|süß süßigkeit
🍿|popcorn|movie|Popcorn|kino snack
🍯|honey pot|barrel bear food|Honigtopf|süß
🥛|glass of milk|drink|Glas Milch|getränk trinken
☕|hot beverage|cafe caffeine chai|Heißgetränk|cafe dampfend kaffee
🍵|teacup without handle|beverage drink oolong|Teetasse ohne Henkel|getränk grüner tee oolong
🍺|beer mug|alcohol ale bar|Bierkrug|bar oktoberfest prost
🍻|clinking beer mugs|alcohol bar booze|Bierkrüge|anstoßen oktoberfest prosit
🥂|clinking glasses|celebrate drink|Sektgläser|anstoßen feier feiern
🍷|wine glass|alcohol bar beverage|Weinglas|alkohol bar
🍹|tropical drink|alcohol bar booze|Cocktail|bar exotisches getränk
🍾|bottle with popping cork|bar drink|Flasche mit knallendem Korken|champagner getränk sekt
🍴|fork and knife|breakfast breaky cooking|Messer und Gabel|abendessen besteck essen
#doing
⚽|soccer ball|football futbol sport|Fußball|bundesliga messi
🏀|basketball|hoop sport|Basketball|korb sport
🏈|american football|bowl sport super|Football|american football amerika sport
⚾|baseball|sport|Baseball|
🎾|tennis|ball racquet sport|Tennisball|sport
🏐|volleyball|game|Volleyball|sport
🏉|rugby football|sport|Rugbyball|sport
🎱|pool 8 ball|8ball billiard eight|Billardkugel|8-ball schwarz spiel
🏓|ping pong|ball bat game|Tischtennis|ball ping pong schläger
🏸|badminton|birdie game racquet|Badminton|federball schläger
🏒|ice hockey|game puck stick|Eishockey|puck schläger
⛳|flag in hole|golf sport|Golffahne|golfplatz
🎣|fishing pole|entertainment sport|Angel mit Fisch|angeln entspannung
🥊|boxing glove||Boxhandschuh|boxen sport
🎿|skis|snow sport|Ski|
🏂|snowboarder|ski sport|Snowboarder(in)|snowboarden snowboarderin sport
🏊|person swimming|freestyle sport swimmer|Schwimmer(in)|kraulen person pool
🚴|person biking|bicycle bicyclist bike|Radfahrer(in)|fahrrad person radeln
🧗|person climbing|climber mountain rock|Bergsteiger(in)|fels kletterer klettern
🏆|trophy|champion champs prize|Pokal|bundesliga champion gewinnen
🥇|1st place medal|first gold|Goldmedaille|erster gewinn
🥈|2nd place medal|second silver|Silbermedaille|zweiter
🏅|sports medal|award gold winner|Sportmedaille|gewinn goldmedaille
🎫|ticket|admission stub|Ticket|konzert unterhaltung
🎭|performing arts|actor actress entertainment|Masken|kunst theater unterhaltung
🎨|artist palette|artsy arty colorful|Mischpalette|farben kunst künstler
🎬|clapper board|action movie|Filmklappe|unterhaltung
🎤|microphone|karaoke music sing|Mikrofon|karaoke singen unterhaltung
🎧|headphone|earbud sound|Kopfhörer|musik unterhaltung
🎹|musical keyboard|instrument piano|Klaviatur|instrument klavier musik
🥁|drum|drumsticks music|Trommel|drumsticks instrument musik
🎷|saxophone|instrument music|Saxofon|instrument musik musikinstrument
🎺|trumpet|instrument music|Trompete|instrument musik musikinstrument
🎸|guitar|instrument music strat|Gitarre|instrument musik musikinstrument
🎻|violin|instrument music|Geige|instrument musik musikinstrument
🎲|game die|dice entertainment|Spielwürfel|casino unterhaltung würfeln
♟️|chess pawn|dupe expendable|Bauer Schach|
🎯|bullseye|dart direct entertainment|Darts|pfeil spiel volltreffer
🎮|video game|controller entertainment|Gamepad|gaming unterhaltung videospiel
🧩|puzzle piece|clue interlocking jigsaw|Puzzleteil|bestandteile hinweise hobby
🎉|party popper|awesome birthday celebrate|Konfettibombe|böller feier juhu
🎊|confetti ball|celebrate celebration party|Konfettiball|feier party
🎈|balloon|birthday celebrate celebration|Luftballon|feier geburtstag
🎁|wrapped gift|birthday bow box|Geschenk|feier geburtstag schachtel
🎀|ribbon|celebration|pinke Schleife|feier geschenk rosa
🎄|Christmas tree|celebration|Weihnachtsbaum|tanne weihnachten
🎃|jack-o-lantern|celebration halloween pumpkin|Halloweenkürbis|herbst kürbislaterne
🎆|fireworks|boom celebration entertainment|Feuerwerk|silvester
🧨|firecracker|dynamite explosive fireworks|Feuerwerkskörper|dynamit explosion explosiv
#places
🚗|automobile|car driving vehicle|Auto|fahren fahrzeug rot
🚕|taxi|cab cabbie car|Taxi|auto fahrzeug
🚌|bus|school vehicle|Bus|fahrzeug schulbus
🚓|police car|5–0 cops patrol|Polizeiwagen|streifenwagen
🚑|ambulance|emergency vehicle|Krankenwagen|ambulanz notfall
🚒|fire engine|truck|Feuerwehrauto|brand löschfahrzeug
🚚|delivery truck|car drive vehicle|Lieferwagen|lastwagen lkw
🚜|tractor|vehicle|Traktor|bauernhof landwirtschaft trecker
🏍️|motorcycle|racing|Motorrad|moped motorrennen
🚲|bicycle|bike class cycling|Fahrrad|bmx radeln radler
🚂|locomotive|caboose engine railway|Dampflokomotive|bahn fahrzeug schiene
🚆|train|arrived choo railway|Zug|bahn eisenbahn ice
🚇|metro|subway travel|U-Bahn|metro
✈️|airplane|aeroplane fly flying|Flugzeug|flieger
🛫|airplane departure|aeroplane check-in departures|Abflug|fliegen flughafen flugzeug
🛬|airplane arrival|aeroplane arrivals arriving|Landung eines Flugzeugs|ankunft flieger flughafen
🚀|rocket|launch rockets space|Rakete|all weltraum
🚁|helicopter|roflcopter travel vehicle|Hubschrauber|fliegen helikopter reisen
⛵|sailboat|resort sailing sea|Segelboot|
🚢|ship|boat passenger travel|Schiff|dampfer kreuzfahrtschiff traumschiff
⚓|anchor|ship tool|Anker|hafen meer
⛽|fuel pump|diesel fuelpump gas|Tanksäule|benzin tanke tanken
🚧|construction|barrier|Baustellenabsperrung|baustellenschild schild
🚦|vertical traffic light|drove intersection signal|vertikale Verkehrsampel|horizontal
🏠|house|building country heart|Haus|gebäude zuhause
🏡|house with garden|building country heart|Haus mit Garten|baum
🏢|office building|city cubical job|Bürogebäude|hochhaus
🏥|hospital|building doctor medicine|Krankenhaus|ambulanz arzt gebäude
🏦|bank|building|Bank|gebäude geld
🏨|hotel|building|Hotel|gebäude unterkunft übernachten
🏫|school|building|Schule|gebäude schulgebäude
🏰|castle|building european|Schloss|bauwerk burg europa
⛪|church|bless chapel christian|Kirche|christ christentum christlich
🗽|Statue of Liberty|new ny nyc|Freiheitsstatue|amerika
⛺|tent|camping|Zelt|camping campingurlaub zeltplatz
🏖️|beach with umbrella||Strand mit Sonnenschirm|meer
🏝️|desert island||einsame Insel|meer palme strand
🏔️|snow-capped mountain|cold|schneebedeckter Berg|gebirge kalt
🌋|volcano|eruption mountain nature|Vulkan|ausbruch berg lava
🌅|sunrise|morning nature|Sonnenaufgang über dem Meer|
🌆|cityscape at dusk|building evening landscape|Abendstimmung in der Stadt|hochhäuser new york skyline
🌃|night with stars||Sternenhimmel|city hochhäuser nacht
🎡|ferris wheel|amusement park theme|Riesenrad|freizeitpark volksfest
🎢|roller coaster|amusement park theme|Achterbahn|freizeitpark volksfest
🗺️|world map||Weltkarte|landkarte reisen
🧭|compass|direction magnetic navigation|Kompass|himmelsrichtung magnetisch navigation
🧳|luggage|bag packing roller|Gepäck|ballast hartschalenkoffer koffer
#things
⌚|watch|clock time|Armbanduhr|zeit
📱|mobile phone|cell communication telephone|Mobiltelefon|handy iphone smartphone
💻|laptop|computer office pc|Laptop|bildschirm computer computermonitor
⌨️|keyboard|computer|Tastatur|computer keyboard
📷|camera|photo selfie snap|Fotoapparat|fotos kamera
🎥|movie camera|bollywood cinema film|Filmkamera|kino unterhaltung
📺|television|tv video|Fernseher|fernsehen film tv
📻|radio|entertainment tbt video|Radio|musik
🔋|battery||Batterie|akku
🔌|electric plug|electricity|Netzstecker|stromstecker
💡|light bulb|comic electric idea|Glühbirne|hell idee lampe
🔦|flashlight|electric tool torch|Taschenlampe|licht
💸|money with wings|bank banknote bill|Geldschein mit Flügeln|bank euro knete
💶|euro banknote|100 bill currency|Euro-Banknote|euroschein geld geldschein
💳|credit card|bank cash charge|Kreditkarte|bankkarte ec-karte geldkarte
💎|gem stone|diamond engagement jewel|Edelstein|diamant
🔧|wrench|home improvement spanner|Schraubenschlüssel|werkzeug
🔨|hammer|home improvement repairs|Hammer|werkzeug
🛠️|hammer and wrench|spanner tool|Hammer und Schraubenschlüssel|werkzeug
🔑|key|keys lock major|Schlüssel|passwort schließen
🔒|locked|closed private|geschlossenes Schloss|datenschutz sicherheit
🔓|unlocked|cracked open|offenes Schloss|nicht gesichert
🚪|door|back closet front|Tür|eingang geschlossen
🛏️|bed|hotel sleep|Bett|hotel schlafen übernachtung
🛋️|couch and lamp|hotel|Sofa und Lampe|couch
🚿|shower|water|Dusche|duschkopf
🧹|broom|cleaning sweeping witch|Besen|fegen hexe hexenbesen
🧼|soap|bar bathing clean|Seife|baden putzen reinigen
🛒|shopping cart|trolley|Einkaufswagen|einkaufen
💊|pill|doctor drugs medicated|Kapsel|arznei arzt medizin
💉|syringe|doctor flu medicine|Spritze|arzt impfen impfung
🩹|adhesive bandage||Heftpflaster|verletzt wunde
📦|package|box communication delivery|Paket|päckchen
📫|closed mailbox with raised flag|communication postbox|geschlossener Briefkasten mit Post|e-mail
✉️|envelope|e-mail email letter|Briefumschlag|e-mail
📧|e-mail|email letter|E-Mail|brief e-mail-symbol post
📅|calendar|date|Kalender|datum kalenderblatt
📈|chart increasing|data graph growth|Aufwärtstrend|diagramm kurve steigend
📉|chart decreasing|data down downward|Abwärtstrend|diagramm fallend kurve
📋|clipboard|do list notes|Klemmbrett|clipboard clpboard zwischenablage
📌|pushpin|collage|Reißzwecke|anpinnen
📎|paperclip||Büroklammer|
✂️|scissors|cut cutting paper|Schere|schneiden schnipp
📝|memo|communication media notes|Papier und Bleistift|kurzmitteilung nachricht notiz
✏️|pencil||Bleistift|
📖|open book|education fantasy knowledge|offenes Buch|bibliothek blättern geöffnet
📚|books|education fantasy knowledge|Bücherstapel|fantasie lesen roman
🔍|magnifying glass tilted left|lab left-pointing science|Lupe nach links|suche vergrößerungsglas
🔔|bell|break church sound|Glocke|ding dong klingeling ton eingeschaltet
🔕|bell with slash|forbidden mute no|durchgestrichene Glocke|kein ton leise ton ausgeschaltet
📣|megaphone|cheering sound|Megafon|jubel lautsprecher
⏰|alarm clock|hours hrs late|Wecker|uhr uhrzeit zeit
⏳|hourglass not done|flowing hours sand|laufende Sanduhr|prozess vorgang läuft
🗑️|wastebasket|can garbage trash|Papierkorb|abfalleimer
👕|t-shirt|blue casual clothes|T-Shirt|kleidung
👖|jeans|blue casual clothes|Jeans|hose kleidung
👗|dress|clothes clothing dressed|Kleid|kleidung
👟|running shoe|athletic clothes clothing|Sportschuh|laufen rennen sneaker
👠|high-heeled shoe|clothes clothing dress|Stöckelschuh|absatz absatzschuh damen
👑|crown|clothing family king|Krone|kopfbedeckung könig königin
🎓|graduation cap|celebration clothing education|Doktorhut|abschlussfeier diplom
👓|glasses|clothing eye eyeglasses|Brille|accessoire
💍|ring|diamond engaged engagement|Ring|diamantring edelstein schmuck
🎒|backpack|backpacking bag bookbag|Schulranzen|rucksack schule tornister
☂️|umbrella|clothing rain|Regenschirm|bekleidung wetter
#signs
✅|check mark button|checked checkmark complete|weißes Häkchen|abgehakt erledigt
✔️|check mark|checked checkmark done|kräftiges Häkchen|abhaken erledigt fertig
❌|cross mark|cancel multiplication multiply|Kreuzzeichen|abbrechen durchgestrichen mal
➕|plus|+|plus|+ addieren mathe
➖|minus|- heavy math|minus|- mathe minuszeichen
❓|red question mark|? punctuation|rotes Fragezeichen|satzzeichen warum wieso
❗|red exclamation mark|! punctuation|rotes Ausrufezeichen|! satzzeichen
‼️|double exclamation mark|! !! bangbang|doppeltes Ausrufezeichen|muss rot satzzeichen
⚠️|warning|caution|Warnung|achtung dreieck vorsicht
🚫|prohibited|entry forbidden no|Verboten|kein zutritt kein-zutritt-zeichen verbotszeichen
⛔|no entry|do fail forbidden|Zutritt verboten|einbahnstrasse kein zutritt keine durchfahrt
🔴|red circle|geometric|roter Punkt|ball
🟡|yellow circle||gelber Punkt|form gelbe scheibe gelber kreis
🟢|green circle||grüner Punkt|form grüne scheibe grüner kreis
🔵|blue circle|geometric|blauer Punkt|ball kreis
⚫|black circle|geometric|schwarzer Punkt|ball kreis rund
⚪|white circle|geometric|weißer Punkt|ball kreis
🔺|red triangle pointed up|geometric|rotes Dreieck mit der Spitze nach oben|aufwärts
🔻|red triangle pointed down|geometric|rotes Dreieck mit der Spitze nach unten|abwärts
➡️|right arrow|cardinal direction east|Pfeil nach rechts|osten rechtspfeil
⬅️|left arrow|cardinal direction west|Pfeil nach links|linkspfeil westen
⬆️|up arrow|cardinal direction north|Pfeil nach oben|aufwärts aufwärtspfeil norden
⬇️|down arrow|cardinal direction south|Pfeil nach unten|abwärts abwärtspfeil süden
🔄|counterclockwise arrows button|again anticlockwise deja|Pfeile gegen den Uhrzeigersinn|
🔝|TOP arrow|homie up|TOP-Pfeil|top-zeichen
🆗|OK button|okay|Großbuchstaben OK in blauem Quadrat|keycap okay taste
🆕|NEW button||Wort „New“ in blauem Quadrat|neu
🆘|SOS button|help|SOS-Zeichen|hilfe
🆒|COOL button||Wort „Cool“ in blauem Quadrat|
ℹ️|information||Buchstabe „i“ in blauem Quadrat|information
♻️|recycling symbol|recycle|Recycling-Symbol|grüne punkt grüner punkt
▶️|play button|arrow right triangle|Wiedergabe|abspielen dreieck pfeil
🔊|speaker high volume|loud music sound|Lautsprecher mit hoher Lautstärke|dezibel musik schallwellen
🔇|muted speaker|quiet silent sound|durchgestrichener Lautsprecher|leise psst stumm
🎵|musical note|sound|Musiknote|lied melodie
🎶|musical notes|sound|Musiknoten|
☮️|peace symbol|healing peaceful|Friedenszeichen|friedensbewegung friedenssymbol
♾️|infinity|forever unbounded universal|Unendlichkeit|ewig grenzenlos
🏁|chequered flag|checkered finish flags|Zielflagge|formel 1 karierte flagge nascar
🚩|triangular flag|construction golf post|Wimpel|dreiecksflagge flagge rot
🏳️|white flag|waving|weiße Flagge|fahne wehen weiße fahne
🏳️‍🌈|rainbow flag|bisexual gay genderqueer|Regenbogenflagge|bisexuell bunt fahne
🇩🇪|flag Germany|DE|Flagge Deutschland|
🇦🇹|flag Austria|AT|Flagge Österreich|AT
🇨🇭|flag Switzerland|CH|Flagge Schweiz|
🇬🇧|flag United Kingdom|GB|Flagge Vereinigtes Königreich|GB
🇺🇸|flag United States|US|Flagge Vereinigte Staaten|US
🇫🇷|flag France||Flagge Frankreich|
🇪🇸|flag Spain|ES|Flagge Spanien|ES
🇮🇹|flag Italy||Flagge Italien|
🇳🇱|flag Netherlands|NL|Flagge Niederlande|NL
🇵🇱|flag Poland|PL|Flagge Polen|PL
🇺🇦|flag Ukraine|UA|Flagge Ukraine|UA
🇪🇺|flag European Union||Flagge Europäische Union|
🇹🇷|flag Türkiye|TR|Flagge Türkei|TR
🇯🇵|flag Japan|JP|Flagge Japan|JP
🇨🇳|flag China|CN|Flagge China|CN
🇮🇳|flag India||Flagge Indien|
🇧🇷|flag Brazil||Flagge Brasilien|
`;
