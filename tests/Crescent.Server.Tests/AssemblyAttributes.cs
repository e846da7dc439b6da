using Xunit;

// Every model brings its own compute threads: side by side they would only wait for each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
