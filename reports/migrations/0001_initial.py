import django.db.models.deletion
import vouchers.common.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('allowances', '0001_initial'),
        ('vouchers', '0001_initial'),
        ('vouchers', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='DaySum',
            fields=[
                ('pk', models.CompositePrimaryKey('municipality_id', 'dimension', 'business_date', 'currency_id', 'event', 'value', blank=True, editable=False, primary_key=True, serialize=False)),
                ('dimension', models.CharField(choices=[('day', '하루'), ('slot', '10분'), ('category', '업종'), ('dong', '읍면동'), ('age', '연령'), ('sex', '성별'), ('home', '이용자 읍면동'), ('channel', '채널'), ('discount', '가맹점 할인'), ('fee', '채널 수수료'), ('flow', '금액 구분'), ('account', '예산·재원')], max_length=10)),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('currency_id', models.UUIDField(verbose_name='상품권')),
                ('event', models.CharField(max_length=20)),
                ('value', models.CharField(max_length=40)),
                ('movements', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('holding', models.BigIntegerField()),
            ],
            options={
                'verbose_name': '일별 현황 합계',
                'verbose_name_plural': '일별 현황 합계',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='SummedDay',
            fields=[
                ('pk', models.CompositePrimaryKey('municipality_id', 'business_date', blank=True, editable=False, primary_key=True, serialize=False)),
                ('business_date', models.DateField(verbose_name='영업일')),
                ('summed_at', models.DateTimeField()),
                ('is_final', models.BooleanField()),
            ],
            options={
                'verbose_name': '합산한 날',
                'verbose_name_plural': '합산한 날',
                'abstract': False,
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='KitPrint',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('size', models.CharField(choices=[('A4', 'A4(벽면·계산대)'), ('A6', 'A6(탁자)')], default='A4', max_length=2, verbose_name='크기')),
                ('state', models.CharField(choices=[('waiting', '대기'), ('making', '만드는 중'), ('ready', '완료'), ('failed', '실패')], default='waiting', max_length=10, verbose_name='상태')),
                ('rows', models.IntegerField(verbose_name='키트 수')),
                ('rows_done', models.IntegerField(default=0)),
                ('asked_at', models.DateTimeField(verbose_name='요청일시')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='완료일시')),
                ('dong', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.dong', verbose_name='읍면동')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
            ],
            options={
                'verbose_name': 'QR 키트 인쇄',
                'verbose_name_plural': 'QR 키트 인쇄',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'making'])), fields=('municipality', 'dong', 'size'), name='kit_print_once_at_a_time', violation_error_message='이 읍면동의 키트를 이미 만들고 있습니다.')],
            },
        ),
        migrations.CreateModel(
            name='KitPart',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('number', models.IntegerField(verbose_name='번호')),
                ('rows', models.IntegerField(verbose_name='키트 수')),
                ('last_shop', models.CharField(max_length=10, verbose_name='마지막 가맹점번호')),
                ('last_terminal', models.CharField(max_length=8, verbose_name='마지막 단말번호')),
                ('file_key', models.CharField(max_length=120)),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('job', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='reports.kitprint', verbose_name='QR 키트 인쇄')),
            ],
            options={
                'verbose_name': 'QR 키트 파일',
                'verbose_name_plural': 'QR 키트 파일',
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('job', 'number'), name='kit_part_once')],
            },
        ),
        migrations.CreateModel(
            name='RegisterPaper',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('attempt', models.PositiveSmallIntegerField(verbose_name='상신 차수')),
                ('is_plain', models.BooleanField(default=False, verbose_name='가림 없음')),
                ('state', models.CharField(choices=[('waiting', '대기'), ('making', '만드는 중'), ('ready', '완료'), ('failed', '실패')], default='waiting', max_length=10, verbose_name='상태')),
                ('rows', models.IntegerField(verbose_name='인원')),
                ('rows_done', models.IntegerField(default=0)),
                ('asked_at', models.DateTimeField(verbose_name='요청일시')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='완료일시')),
                ('file_key', models.CharField(blank=True, max_length=120)),
                ('list_key', models.CharField(blank=True, max_length=120)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='papers', to='allowances.batch', verbose_name='명단')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='요청자')),
            ],
            options={
                'verbose_name': '지급 조서',
                'verbose_name_plural': '지급 조서',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='IssuedReport',
            fields=[
                ('id', models.UUIDField(db_default=vouchers.common.models.UUID7(), default=vouchers.common.models.uuid7, editable=False, primary_key=True, serialize=False, verbose_name='번호')),
                ('report', models.CharField(max_length=30, verbose_name='보고서 종류')),
                ('title', models.CharField(max_length=80, verbose_name='보고서')),
                ('first_day', models.DateField(verbose_name='시작일')),
                ('last_day', models.DateField(verbose_name='종료일')),
                ('chosen', models.JSONField(default=dict)),
                ('described', models.CharField(blank=True, max_length=200, verbose_name='조회 조건')),
                ('asked_at', models.DateTimeField(verbose_name='발급일시')),
                ('state', models.CharField(choices=[('waiting', '대기'), ('making', '만드는 중'), ('ready', '발급 완료'), ('failed', '실패')], default='waiting', max_length=10, verbose_name='상태')),
                ('steps', models.PositiveSmallIntegerField()),
                ('steps_done', models.PositiveSmallIntegerField(default=0)),
                ('code', models.CharField(max_length=20, verbose_name='진위확인 번호')),
                ('content', models.JSONField(null=True)),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='검증값(SHA-256)')),
                ('control', models.BigIntegerField(null=True, verbose_name='대조 합계')),
                ('pdf', models.BinaryField(null=True)),
                ('xlsx', models.BinaryField(null=True)),
                ('failure', models.CharField(blank=True, max_length=200, verbose_name='만들지 못한 이유')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='완료일시')),
                ('municipality', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='vouchers.municipality', verbose_name='지자체')),
                ('number', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='report', to='allowances.documentnumber', verbose_name='문서번호')),
                ('official', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='발급자')),
                ('replaces', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='reports.issuedreport', verbose_name='재발급 전 문서')),
            ],
            options={
                'verbose_name': '발급한 보고서',
                'verbose_name_plural': '발급한 보고서',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(fields=('code',), name='issued_report_code_once'), models.CheckConstraint(condition=models.Q(('first_day__lte', models.F('last_day'))), name='issued_report_days_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ready'), _negated=True), models.Q(('content__isnull', False), ('control__isnull', False), ('pdf__isnull', False), ('ready_at__isnull', False), ('xlsx__isnull', False), models.Q(('digest', ''), _negated=True)), _connector='OR'), name='issued_report_ready_is_whole')],
            },
        ),
    ]
