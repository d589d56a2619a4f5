"""Who calls the story, and when. Truth is in the database: losing a runner loses nothing."""
