"""What finds digits fast in long text: cheap passes that say where a number could stand."""
