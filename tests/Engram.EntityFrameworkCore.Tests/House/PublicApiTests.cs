using Engram.Data.Tests.House;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.House;

/// <summary>The public surface of the provider changes on purpose; see the test of the same name for the engine.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_equals_its_baseline() => PublicApi.AssertEqualsBaseline(typeof(EngramDbContextOptionsBuilderExtensions).Assembly);
}
