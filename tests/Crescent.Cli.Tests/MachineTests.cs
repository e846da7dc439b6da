using Crescent.Cli;
using Xunit;

namespace Crescent.Tests;

public sealed class MachineTests
{
    [Theory]
    [InlineData("AMD EPYC", "vendor_id\t: AuthenticAMD\ncpu family\t: 26\nmodel\t\t: 2\n", 2, "amd-epyc-zen5-2c")]
    [InlineData("AMD EPYC 7B13", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 1\n", 8, "amd-epyc-7b13-zen3-8c")]
    [InlineData("AMD EPYC 9B14", "vendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n", 4, "amd-epyc-9b14-zen4-4c")]
    [InlineData("AMD Ryzen 7 3700X 8-Core Processor", "vendor_id\t: AuthenticAMD\ncpu family\t: 23\nmodel\t\t: 113\n", 16, "amd-ryzen-7-3700x-8-core-zen2-16c")]
    [InlineData("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "vendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n", 2, "intel-xeon-platinum-8481c-270ghz-2c")]
    [InlineData("Arm64", "", 10, "arm64-10c")]
    public void A_folder_is_named_by_processor_and_generation(string name, string text, int processors, string expected) =>
        Assert.Equal(expected, Machine.FolderName(name, text, processors));

    [Fact]
    public void This_machine_has_a_name_and_a_version()
    {
        Assert.Matches("^[a-z0-9-]+-[0-9]+c$", Machine.FolderName());
        Assert.Matches(@"^\d+\.\d+\.\d+", Machine.Version);
    }
}
