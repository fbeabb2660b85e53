// The memory of an agent behind a web API: remember, recall by similarity, confidence and time, forget.
//
//   dotnet run --project samples/AgentMemory -- --urls http://localhost:5080 --database memory.engram
//
//   curl -X POST localhost:5080/episodes -H 'Content-Type: application/json' -d '{"text": "The deploy failed: disk full", "confidence": 0.9}'
//   curl 'localhost:5080/recall?question=full%20disks&confidence=0.7&since=2026-01-01T00:00:00Z'
//   curl -X DELETE localhost:5080/episodes/1
//   curl -X DELETE 'localhost:5080/episodes?before=2026-01-01T00:00:00Z&below=0.3'
//   curl localhost:5080/health

using AgentMemory;
using Engram.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.AI;
using QuickStart;

var builder = WebApplication.CreateBuilder(args);

// The data source holds the database open for the life of the application, and gives the engine the application's log.
builder.Services.AddSingleton(services => new EngramDataSourceBuilder($"Data Source={builder.Configuration["database"] ?? "memory.engram"}")
    .UseLoggerFactory(services.GetRequiredService<ILoggerFactory>())
    .LogSlowCommands(TimeSpan.FromMilliseconds(200))
    .Build());
builder.Services.AddDbContextPool<MemoryContext>((services, options) => options.UseEngram(services.GetRequiredService<EngramDataSource>()));

// Any IEmbeddingGenerator<string, Embedding<float>> fits here; this one needs no model and knows words, not meanings.
builder.Services.AddSingleton<IEmbeddingGenerator<string, Embedding<float>>, HashedNgramEmbedder>();
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddHealthChecks().AddCheck<MemoryHealth>("memory");
builder.Services.AddHostedService<SpanLog>();

var app = builder.Build();
using (var scope = app.Services.CreateScope())
{
    await scope.ServiceProvider.GetRequiredService<MemoryContext>().Database.MigrateAsync();
}

app.MapPost("/episodes", Endpoints.RememberAsync);
app.MapGet("/recall", Endpoints.RecallAsync);
app.MapDelete("/episodes/{id:long}", Endpoints.ForgetAsync);
app.MapDelete("/episodes", Endpoints.FadeAsync);
app.MapHealthChecks("/health");
await app.RunAsync();
