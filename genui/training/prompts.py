"""Prompts as people type them, none of them a caption: synonyms, odd colours, several things,
backgrounds, people. For looking at, not for marking."""

PROMPTS = (
    # other words for what was learned
    "kitty", "doggo", "a puppy", "bunny rabbit", "automobile", "a racecar", "choo choo train",
    "an airliner", "sailboat at sea", "UFO", "spaceship", "cuppa",
    "a pint of beer", "burger and nothing else", "french fries", "ice cream cone", "doughnut",
    "a slice of pizza", "birthday cake with candles", "strawberries", "veggie", "sushi roll",
    "a bug", "butterfly wings", "bumblebee", "a shark", "sea creature with eight arms",
    "king of the jungle", "a scary dinosaur", "fire breathing dragon", "baby chick", "owl at night",
    "a piggy", "froggy", "teddy bear", "horse with a horn", "a spooky ghost", "alien invader",
    "robot friend", "jack-o'-lantern", "skull and bones",
    # feelings
    "LOL", "so sad", "I'm in love", "feeling cool", "furious", "sleepyhead", "mind blown",
    "party time!", "thinking hard", "cowboy", "crying with laughter", "winking at you",
    # nature and weather
    "it's raining", "snowflake", "full moon", "a bright sunny day", "thunderbolt", "rainbow colors",
    "campfire", "a wave in the ocean", "volcano erupting", "christmas tree", "palm beach",
    "lucky clover", "autumn leaf", "a rose for you", "sunflower field", "cactus in a pot",
    # things
    "light bulb idea", "a bunch of keys", "padlock", "gift wrapped", "balloon", "crown for a king",
    "engagement ring", "lipstick", "sneakers", "old camera", "laptop computer", "smartphone",
    "magnifying glass", "telescope for stars", "soccer", "basketball game",
    "electric guitar", "drum kit", "musical note", "video games", "a bag of money",
    "home sweet home",
    # unusual colours
    "a purple banana", "blue strawberry", "green heart", "a pink elephant", "teal rocket",
    "an orange whale", "a brown cat with a big smile", "yellow car", "red frog", "a blue apple, 3d",
    # compositions
    "two dogs", "three red apples", "four stars", "five hearts", "a cat next to a dog",
    "an apple on the left and a banana on the right", "the moon above a house",
    "a pizza on a dark blue background", "a pink background with a unicorn", "star on black",
    "a penguin, pale blue background, flat style",
    # people
    "a person with pink hair", "redhead with curls", "a bald man with a beard",
    "woman with long blond hair and sunglasses", "grumpy face with a mohawk, big smile style",
    "a smiling person in a green t-shirt, toon style", "dark skin, blue hair, happy, dylan style",
    "someone with glasses and a mustache",
)  # fmt: skip
