"""The words of invite codes and of identity keys: what people say to each other.

Knows: which they are. Does not know: how they are drawn.
"""

from __future__ import annotations

from typing import Final

_WORDS: Final = """
acorn actor admiral airport alarm album alcove alley almond alpine amazing amber anchor angle animal
antenna antler apple apricot apron aqua arcade archer arctic arena armor aroma arrow artist ascent aspen
asphalt aster atom auburn auction august autumn avenue avocado azure baboon bacon badge bagel baggage
bagpipe baker balcony ballad ballet balloon balmy bamboo banana banjo banner barber barista barley barn
barrel basil basket bassoon bath battery beard beaver bedrock bedtime beehive begonia bellboy belt bench
beret bicycle bingo birch bird biscuit bishop bison blanket blender blimp blossom blouse blue boat bobcat
bobsled bonfire bonnet bonsai bonus bookend bottle bouquet bowl boxer bracket braid bramble branch breeze
brick bridge brigade bright brioche brisket bronze brook brother brownie brush bubble bucket buckle buddy
buffalo bugle builder bulb bumper bundle bunny bunting burger burlap bushel busy butter button buzzer
cabbage cabin cable cactus caddie cafe calypso camel camera camping campus canal canary candle candy canoe
canteen canyon captain caramel caravan cargo caribou carpet cartoon cascade cashew castle catalog catfish
catnip cedar celery cello ceramic chair chalet chalk chariot charm cheddar cheese cheetah chef cherry
chess chicken chime chimney chisel chorus chowder chrome chuckle cinema circle circuit circus citrus city
clay clever cliff climb cloak closet cloth cloud club clutch cobalt cobbler cobra cockpit coconut codfish
coffee coin collar color comedy comet comic compass concert cone console cookie copper coral cork cosmos
costume cottage cotton couch country coupon cousin cowbell cowboy crackle cradle crane crater crayon cream
crew cricket crimson crocus crop crown crumb crystal cube cuckoo cuddle cupcake curious curry curtain
curve cushion custard cyclist cypress dairy dancer dapper darling daytime decimal delight dewdrop diagram
diamond digital dinghy dinner disco dish dock doctor dogwood doll dolphin domain dome domino donkey donor
doorway double dozen dragon drama drawer dress drill driver drizzle drum duet dugout dune dustpan dynamo
eagle eardrum early earmuff earring earth easel echo eclipse edition effort eggnog elbow elder elegant
elixir emblem emerald emperor enchant encore engine enjoy epic eraser escort eyebrow fabric factory
fairway falcon family famous fancy farm fashion faucet favor feather fedora fence fender fern ferret ferry
fiber fiesta finch finger firefly fireman flag flame flannel flask fleece float flock flood florist fluffy
flute foam folder foliage forest fortune fossil foxtrot fragile freckle freedom freight fresh friend
fritter frog frost frozen fruit fudge fuel funnel future fuzzy gadget galaxy gallery garage garden garland
garlic garment garnet gather gazebo gecko gerbil geyser gift giggle giraffe glacier glad glass glide
glimmer glitter globe glory goalie goblet goggles gold gondola goose gopher gourmet granola grape gravel
gravy green grizzly grocery groove guava guitar gulf gumdrop gurgle gymnast hairpin halibut hallway hammer
hamster handbag hangar happy harbor harmony harness harp harvest hatbox hayride hazel headset helium
helmet helper herb herring hexagon hickory highway hiking hippo hockey holiday hollow holly honey hope
horizon hornet horse hostel hunter hydrant iceberg icicle icing igloo iguana indigo inspire iris island
ivory jacket jackpot jaguar january jasmine javelin jazz jelly jersey jester jewel jigsaw joker journey
jubilee juggler juice jumbo jump jungle juniper karate kayak kelp kennel kettle keyhole keypad kimono
kitchen kite kitten kiwi koala ladder ladle lagoon lake lamp lantern lanyard laptop lasagna laser lasso
laugh laundry laurel lava lawn leader lemon lentil leopard letter lettuce liberty library light lilac lily
lime linen lion lobby lobster locker loft lorry lotus lounge lucky lullaby lumber lunch luxury lyric macaw
magenta magic magnet magpie mailbox mambo mammoth mansion mantis maple marble margin marina mariner market
marsh marvel mascot matinee meadow meerkat melody melon mermaid milk mint minute mirror misty mixture
mocha monarch moon mosaic moss mouse movie muffin mural museum mustang nacho napkin narwhal nature navy
nectar needle neon neptune nest network nickel nimbus ninja nugget nutmeg oasis oatmeal oats ocean octagon
october octopus olive olympic omega omelet onion onyx opal opera orange orbit orca orchard orchid oriole
osprey ostrich otter outdoor oven oxygen oyster pacific package paddle padlock painter pajamas palace
palette palm pancake panda panther papaya paper parade parcel parent park parrot parsley parsnip partner
patio peach peacock peanut pebble pecan pelican pencil penguin pennant peony pepper phoenix piano piccolo
pickle picnic picture pillow pilot pinball pink pinto pioneer pirate pitcher pizza planet plaster plaza
plush pocket podium poem polish polka pollen polo poncho pond popcorn poplar poppy porch portal possum
postage potato pottery powder prairie pretzel pudding pulley puma pumpkin pupil puppet purple puzzle
pyramid python quack quail quarry quarter queen quest quill quiver quiz rabbit raccoon radar radio radish
raft railway rainbow raisin rambler ranger rapids rattle raven ravine ravioli razor ready recipe redwood
rhino rhythm ribbon rice ricotta ripple ritual rivet roast robin robot rodeo roller romance roof rooster
rosebud round rowboat royal rubber ruby rudder ruffle ruler rumba runway russet rustic safari saffron saga
sailor salad salami salmon salsa salt samba sampler sandal sapling sardine satchel satin saucer sausage
scallop scarf scarlet scoop scooter scout screen seagull seal seesaw sesame shampoo shark sheep shelf
shelter sheriff shield shine ship shovel shower shrimp shuttle signal silence silver simmer siren sister
skate skillet skirt skylark sled sleeve slipper smile snail sneaker snorkel snow soccer sofa sonar sonata
soprano sorbet spaniel spanner sparrow spatula sphere spider spinach spindle spiral spirit splash sponge
spoon spray spring sprout spruce squeak squid stadium stapler star steeple sticker stone stream student
studio sugar suit summit sundae sundial sunset sushi swallow swan sweater swift swing swirl syrup tabby
tablet taco tadpole talon tangent tango target tart tassel teacher teapot teddy temple tennis tenor
terrier theater theme thimble thumb thunder tiara tidy tiger tile timber tinsel toaster today tofu toggle
tomato tongs toot topaz tornado totem toucan tourist towel town tractor trail trapeze tray treetop trinket
triumph trolley trophy trout truck trumpet tugboat tulip tuna tunic turban turkey turnip turtle tusk
tuxedo twig ukulele unicorn uniform urchin useful vacuum vanilla vase vault vehicle velvet vibrant victory
video village vine vinyl viola violet violin vitamin volcano volley voyage vulture wafer waffle wagon
waiter walk walnut walrus waltz warbler warrior wedding weekend welcome wharf wheat whirl whisker widget
wigwam window winter wisdom wolf wombat wonder wool wrist yacht yeti yoga yogurt zebra zigzag zipper zoom
"""

WORDS: Final = tuple(_WORDS.split())
"""1024 words of 4 to 7 letters, 10 bits each: common, no two a letter apart, none the start of another.

Their order is part of the protocol: to change it is to break every code that is in use.
"""
