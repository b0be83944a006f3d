from gan_course.lessons.l13_reading_the_article import exercises as lesson

RIGHT = [
    (lesson.check_article_size, 1),
    (lesson.check_article_size, 1.0),
]

WRONG = [
    (lesson.check_article_size, 16, "upsampling"),
    (lesson.check_article_size, 4, "stride 1"),
    (lesson.check_article_size, 2, "from a height of 8"),
    (lesson.check_article_size, 3, "one at a time"),
]
